"""translating.mirror: the mean of the prediction and that of the mirrored volume, mirrored back."""

import json

import nibabel as nib
import numpy as np
import pytest

from medtrans.batching.sidecar import sidecar
from medtrans.core.errors import ModelRefused, UsageError
from medtrans.core.method import Task
from medtrans.core.volume import Volume
from medtrans.models.folder import save_model
from medtrans.preparing.transforms.flip import Flip
from medtrans.recipe import make_recipe
from medtrans.stages.translate import translate
from medtrans.translating.ensemble import Ensemble
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.translator import Translator
from medtrans.translating.window_borders import window_borders
from tests.translating.stand_ins import (
    Convolved,
    Fake,
    Same,
    ball,
    oblique,
    preparation_of,
    save_nifti,
    tiny_regression,
    translator_of,
)

MIRRORED = TranslatingSettings(mirror="left_right")
FLIPS = {"augmentation": (Flip(),)}
WAYS = {
    "2D axial": {"spatial_dims": 2},
    "2D coronal": {"spatial_dims": 2, "plane": "coronal"},
    "2.5D axial": {"spatial_dims": 2, "slices": 3},
    "2.5D sagittal": {"spatial_dims": 2, "slices": 3, "plane": "sagittal"},
    "3D whole": {"spatial_dims": 3},
    "3D windows": {"spatial_dims": 3, "patch": (8, 8, 8)},
}
STORAGE = ["RAS", "LPS", "LAS", "RPI", "SLA", "AIR"]


class Moved(Fake):
    """Returns the source moved to the right by one voxel, with the slices of a sagittal stack by one slice."""

    def __init__(self, spatial_dims, plane="axial", slices=1, **_):
        super().__init__(Task(spatial_dims=spatial_dims, source_channels=slices))
        self.middle, self.sagittal = slices // 2, plane == "sagittal"

    def translate(self, source, condition=None):
        return source[:, :1] if self.sagittal else source[:, self.middle][:, None].roll(1, dims=2)


def volume(shape=(13, 12, 10)):
    """Even numbers, so that the mean of two is exact in whole HU."""
    return Volume(2 * ball(shape, low=-512, high=500)[0], np.diag([1.0, 1.0, 1.0, 1.0]))


def stored_as(axes, given):
    """The same anatomy with its axes in another order and direction."""
    change = nib.orientations.ornt_transform(
        nib.orientations.axcodes2ornt("RAS"), nib.orientations.axcodes2ornt(tuple(axes))
    )
    voxels = nib.orientations.apply_orientation(given.voxels[0], change)
    return Volume(voxels[None], given.affine @ nib.orientations.inv_ornt_aff(change, given.shape))


def mean_of_neighbours(given):
    """The mean of the voxels on the left and on the right."""
    x = given.voxels[0]
    return (np.roll(x, 1, axis=0) + np.roll(x, -1, axis=0)) / 2


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_an_equivariant_network_gives_the_same_voxels(way):
    method = Same(slices=way.get("slices", 1), dims=way["spatial_dims"])
    once, both = (translator_of(method, settings, **way, **FLIPS)(volume()) for settings in (None, MIRRORED))
    assert np.array_equal(once.voxels, both.voxels)


@pytest.mark.parametrize("way", [way for way in WAYS.values() if "patch" not in way])
def test_an_asymmetric_network_gives_the_mean_of_both_sides(way):
    made = translator_of(Moved(**way), MIRRORED, **way, **FLIPS)(volume())
    assert np.array_equal(made.voxels[0], mean_of_neighbours(volume()))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_it_is_the_mean_with_the_translation_of_the_mirrored_volume(way):
    method = Convolved(way["spatial_dims"], way.get("slices", 1))
    once, both = (translator_of(method, settings, **way, **FLIPS) for settings in (None, MIRRORED))
    mirror_image = Volume(volume().voxels[:, ::-1], volume().affine)
    separate = once(volume()).voxels.astype(float), once(mirror_image).voxels[:, ::-1].astype(float)
    assert np.abs(separate[0] - separate[1]).max() > 10
    assert np.abs(both(volume()).voxels - np.mean(separate, axis=0)).max() <= 1, "rounded to whole HU"


@pytest.mark.parametrize("orientation", ["RAS", "LPS"])
@pytest.mark.parametrize("axes", STORAGE)
def test_left_and_right_are_mirrored_whatever_the_storage_order(axes, orientation):
    way = {"spatial_dims": 3, "orientation": orientation}
    made = translator_of(Moved(**way), MIRRORED, **way, **FLIPS)(stored_as(axes, volume()))
    assert np.array_equal(made.voxels, stored_as(axes, Volume(mean_of_neighbours(volume())[None], np.eye(4))).voxels)


def test_windows_are_mirrored_too_and_their_borders_are_named():
    once, both = (
        window_borders(
            translator_of(Convolved(), settings, spatial_dims=3, patch=(8, 8, 8), **FLIPS), volume((18, 8, 8))
        )
        for settings in (
            TranslatingSettings(window=(8, 8, 8)),
            TranslatingSettings(window=(8, 8, 8), mirror="left_right"),
        )
    )
    assert once[0] != both[0]
    assert both[0] == sorted({*once[0], *(18 - edge for edge in once[0])})
    assert both[1:] == once[1:]


def test_members_of_an_ensemble_are_mirrored_each():
    members = [translator_of(Moved(3), spatial_dims=3, **FLIPS), translator_of(Same(dims=3), spatial_dims=3, **FLIPS)]
    both = Ensemble(members).with_settings(mirror="left_right")
    expected = np.mean([member.with_settings(mirror="left_right")(volume()).voxels for member in members], axis=0)
    assert np.abs(both(volume()).voxels - expected).max() <= 0.5


def test_the_sidecar_and_the_model_folder_record_it(tmp_path):
    preparation = preparation_of(**FLIPS)
    save_model(tmp_path / "m", tiny_regression(preparation), preparation, {}, translating=MIRRORED)
    translator = Translator.load(tmp_path / "m", device="cpu")
    assert translator.settings.mirror == "left_right"
    facts = json.loads(sidecar(translator.translate(volume()), translator, [], [("ct.nii.gz", "1")]))
    assert facts["model"]["settings"]["mirror"] == "left_right"


def test_it_is_off_unless_it_is_asked_for(tmp_path):
    preparation = preparation_of(**FLIPS)
    save_model(tmp_path / "m", tiny_regression(preparation), preparation, {})
    source = save_nifti(tmp_path / "in.nii.gz", volume().voxels, oblique())
    for name, changes in (("once", {}), ("both", {"mirror": "left_right"})):
        translate(source, tmp_path / f"{name}.nii.gz", tmp_path / "m", device="cpu", changes=changes)
        settings = json.loads((tmp_path / f"{name}.json").read_text())["model"]["settings"]
        assert settings["mirror"] == changes.get("mirror", "none")


def test_a_model_that_was_trained_without_flips_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"translating\.mirror: mirrored images are new .*--no-mirror"):
        translator_of(Same(), MIRRORED)
    preparation = preparation_of()
    save_model(tmp_path / "m", tiny_regression(preparation), preparation, {}, translating=MIRRORED)
    with pytest.raises(ModelRefused, match=r"translating\.mirror"):
        Translator.load(tmp_path / "m", device="cpu")


def test_a_model_that_draws_samples_is_refused():
    drawing = Same()
    drawing.noise_channels = 1
    with pytest.raises(UsageError, match=r"draws samples.*translating\.samples"):
        translator_of(drawing, MIRRORED, **FLIPS)


def test_single_sagittal_slices_are_refused():
    with pytest.raises(UsageError, match="same single sagittal slices"):
        translator_of(Same(), MIRRORED, plane="sagittal", **FLIPS)


def test_a_recipe_is_refused_before_the_training():
    images = {"source": {"pattern": "a", "modality": "MR"}, "target": {"pattern": "b", "modality": "CT"}}
    with pytest.raises(UsageError, match=r"translating\.mirror"):
        make_recipe({"reading": images, "method": {"name": "regression"}, "translating": {"mirror": "left_right"}})
