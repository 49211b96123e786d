"""Segmentation as the judge: what is found in a translation of what there is in the real image."""
