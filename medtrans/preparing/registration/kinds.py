"""Kinds of registration, by what of a volume may change: its place, its size and shear, its shape."""

from typing import Literal

Kind = Literal["rigid", "affine", "deformable"]
