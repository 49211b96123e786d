"""Volumes → batches, and the way back: intensities, geometry, masks, patches, augmentation, cache."""
