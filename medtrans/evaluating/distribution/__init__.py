"""Distances between unpaired sets of volumes, computed from the features of one extractor."""
