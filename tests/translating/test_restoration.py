import nibabel as nib
import numpy as np
import pytest
import torch

from medtrans.core.method import Task
from medtrans.core.volume import Volume
from medtrans.preparing.masks import dilated
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.reading.volumes import write_volume
from tests.translating.stand_ins import (
    Fake,
    Same,
    ball,
    translator_of,
)


def test_outside_the_body_ct_is_air_whatever_the_model_predicts():
    voxels, inside = ball((16, 16, 16), low=0)
    voxels[:, inside] = np.abs(voxels[:, inside]) + 500

    class Bone(Fake):
        def translate(self, source, condition=None):
            return torch.full_like(source, 0.5)

    measured = {"source_modality": "MR", "source_normalisation": Percentiles(), "body_mask": "otsu"}
    for spacing in (None, (1.4, 1.4, 1.4)):
        translated = translator_of(Bone(), spacing=spacing, **measured)(Volume(voxels, np.eye(4)))
        outside = translated.voxels[0] == -1024
        assert translated.voxels.dtype == np.int16
        assert not outside[inside].any()
        assert outside[~dilated(inside, (1, 1, 1), 5)].all()
        assert outside[0, 0, 0]
        assert (translated.voxels[0][8, 8, 6:10] == 2047).all()


def test_air_outside_is_minus_1024_even_where_the_normalisation_starts_at_minus_1000():
    voxels, _ = ball((12, 12, 12))
    translated = translator_of(
        Same(), source_normalisation=Linear(low=-1000), target_normalisation=Linear(low=-1000), body_mask="otsu"
    )
    out = translated(Volume(voxels, np.eye(4)))
    assert (out.voxels[0][:2] == -1024).all()


def test_the_clipped_fraction_of_the_body_is_reported():
    voxels, _ = ball((12, 12, 12))

    class TooBright(Fake):
        def translate(self, source, condition=None):
            out = torch.zeros_like(source)
            out[..., :6] = 1.5
            return out

    made = translator_of(TooBright()).translate(Volume(voxels, np.eye(4)))
    assert made.clipped_fraction == pytest.approx(0.5)
    assert made.modality.unit == "HU"
    assert made.volume.voxels.max() == 3071
    assert made.seconds > 0


def test_mr_is_float32_in_the_typical_unit_of_the_training_targets():
    voxels, _ = ball((12, 12, 12), low=0)
    source = Volume(np.abs(voxels).astype(np.int16), np.eye(4))
    made = translator_of(
        Same(), source_normalisation=Percentiles(), target_normalisation=Percentiles(typical_range=(0.0, 800.0))
    ).translate(source)
    assert made.volume.voxels.dtype == np.float32
    assert made.modality.unit == "a.u."
    assert made.clipped_fraction == 0
    scale = 800 / np.percentile(source.voxels, 99.5)
    assert made.volume.voxels == pytest.approx(source.voxels * scale, abs=0.01)


@pytest.mark.parametrize(
    ("spacing", "interpolation", "tolerance"),
    # A cubic spline oscillates by some 3 % of a step of 60, two voxels beside it.
    [(None, "cubic", 1e-5), ((1.5, 1.5, 1.5), "linear", 0.05), ((1.5, 1.5, 1.5), "cubic", 2.0)],
)
@pytest.mark.parametrize("modality", ["dose", "PET"])
def test_dose_and_pet_are_written_in_their_own_unit(modality, spacing, interpolation, tolerance, tmp_path):
    values = np.array([0, 0.4, 2.6, 60], np.float32)
    voxels = np.repeat(np.repeat(values, 6)[:, None, None], 12, 1).repeat(12, 2)[None]
    normaliser = Linear(low=0.0, high=80.0)
    translator = translator_of(
        Same(),
        source_modality=modality,
        target_modality=modality,
        source_normalisation=normaliser,
        target_normalisation=normaliser,
        spacing=spacing,
        interpolation=interpolation,
    )
    made = translator.translate(Volume(voxels, np.eye(4)))
    assert made.volume.voxels.dtype == np.float32
    assert made.modality.name == modality
    assert made.volume.voxels[0, 2::6, 5, 5] == pytest.approx(values, abs=tolerance)
    assert made.clipped_fraction == 0
    write_volume(made.volume, tmp_path / "out.nii.gz")
    assert np.asanyarray(nib.load(tmp_path / "out.nii.gz").dataobj)[2::6, 5, 5] == pytest.approx(values, abs=tolerance)


def test_dose_is_zero_outside_the_body_even_where_the_normalisation_starts_below():
    voxels, inside = ball((12, 12, 12), low=0)
    translator = translator_of(
        Same(),
        source_modality="MR",
        source_normalisation=Percentiles(),
        target_modality="dose",
        target_normalisation=Linear(low=-5.0, high=80.0),
        body_mask="otsu",
    )
    out = translator(Volume(np.abs(voxels) + 500 * inside, np.eye(4)))
    assert (out.voxels[0][~dilated(inside, (1, 1, 1), 4)] == 0).all()
    assert out.voxels[0][0, 0, 0] == 0
    assert out.voxels[0].max() > 1


def test_labels_are_the_smallest_integers_that_hold_them():
    method = Fake(Task(spatial_dims=2, target_channels=2))
    method.translate = lambda source, condition=None: torch.cat([source * 0 + 1, source * 0 - 1], dim=1)
    for labels, dtype in (((7, 9), np.uint8), ((7, 1000), np.uint16)):
        translator = translator_of(method, target_normalisation=Labels(labels=labels))
        made = translator.translate(Volume(ball((6, 6, 6))[0], np.eye(4)))
        assert made.modality.name == "labels"
        assert made.volume.voxels.dtype == dtype
        assert (made.volume.voxels == 7).all()
    resampled = translator_of(method, target_normalisation=Labels(labels=(7, 9)), spacing=(0.8, 0.8, 0.8))
    made = resampled.translate(Volume(ball((6, 6, 6))[0], np.eye(4))).volume
    assert made.voxels.dtype == np.uint8
    assert set(np.unique(made.voxels)) <= {0, 7}


def test_nothing_below_the_lowest_value_of_a_linear_normalisation_is_written():
    voxels, inside = ball((12, 12, 12), low=0)

    class Dark(Fake):
        def translate(self, source, condition=None):
            return torch.full_like(source, -1.2)

    scale = Linear(low=0, high=800)
    settings = {"source_normalisation": scale, "target_normalisation": scale}
    model = translator_of(Dark(), source_modality="MR", target_modality="MR", **settings)
    made = model(Volume(np.abs(voxels), np.eye(4)))
    assert made.voxels.min() == made.voxels[0][inside].max() == 0
