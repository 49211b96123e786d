from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.ct_window import brain_window, is_ct
from medtrans.core.volume import Origin, Volume
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import CONTRASTS, paint


@pytest.fixture(scope="module")
def head():
    return make_head(0, shape=(48, 54, 48), spacing=4.0)


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_a_ct_is_known_by_its_values_and_no_mr_is_one(head, contrast):
    assert is_ct(paint(head, contrast, np.random.default_rng(0))) == (contrast == "CT")


def test_the_header_of_a_dicom_series_names_its_modality(head):
    brain = np.where(head.fraction("white matter") > 0.5, 30.0, 0.0)
    volume = head.grid.like(brain)
    assert not is_ct(volume)
    assert is_ct(replace(volume, origin=Origin("DICOM", modality="CT")))


def test_air_and_fat_are_0_bone_is_80_and_the_brain_lies_between(head):
    seen = brain_window(paint(head, "CT", np.random.default_rng(0), noise=0))
    means = {tissue: seen.voxels[0][head.fraction(tissue) > 0.99].mean() for tissue in
             ("air outside", "fat", "CSF", "white matter", "grey matter", "cortical bone")}  # fmt: skip
    assert list(means) == sorted(means, key=means.__getitem__)
    assert (means["fat"], means["cortical bone"]) == (0, 80)
    assert isinstance(seen, Volume)
    assert seen.voxels.dtype == np.int16
