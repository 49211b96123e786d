"""Spatial transforms of augmentation: one per file. The file's name is the name used in recipes."""

from __future__ import annotations

from medtrans.core.registry import Registry
from medtrans.preparing.transforms._transform import SpatialTransform

registry = Registry(__name__, SpatialTransform)
names, load, entries = registry.names, registry.load, registry.entries
