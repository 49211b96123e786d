"""Synthetic heads of 4 mm and the signature of a few of them: a model that takes T1 of whole heads."""

from functools import cache

import numpy as np

from medtrans.auditing.gate.gate import Gate
from medtrans.auditing.gate.signature import Signature
from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint

SHAPE, SPACING = (52, 62, 60), 4.0
TRAINING = (0, 1, 2)
HELD_OUT = 4


@cache
def head(seed):
    return make_head(seed, shape=SHAPE, spacing=SPACING)


@cache
def image(contrast="T1", seed=HELD_OUT):
    return paint(head(seed), contrast, np.random.default_rng([seed, 1]))


@cache
def signature(seeds=TRAINING):
    return Signature.fit((image("T1", seed) for seed in seeds), "MR")


def codes(volume, **changes):
    return {finding.code: finding.severity for finding in Gate(signature(), **changes).findings(volume, "a")}


def brain(seed=HELD_OUT):
    """True where a voxel is mostly grey or white matter, or CSF inside of the skull."""
    one = head(seed)
    return sum(one.fraction(tissue) for tissue in ("grey matter", "white matter", "CSF")) > 0.5


def with_header(volume, *scales):
    """The same voxels, with world axes turned or stretched by the header."""
    return Volume(volume.voxels, np.diag([*scales, 1.0]) @ volume.affine)
