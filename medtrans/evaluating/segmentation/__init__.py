"""Segmentation task: label maps of translations compared with label maps of targets."""
