import json
import warnings
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import InputRefused, ModelRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.t1_target import clean_t1
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.reading.volumes import read_volume
from medtrans.translating.ensemble import Ensemble
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.translator import Identity
from tests.translating.stand_ins import Convolved, Fake, Same, ball, oblique, save_nifti, translator_of


class Shifted(Same):
    """The source, and so many HU more."""

    def __init__(self, by):
        super().__init__()
        self.by = by / (4095 / 2)

    def translate(self, source, condition=None):
        return super().translate(source, condition) + self.by


class Drawn(Fake):
    """Noise alone."""

    noise_channels = 1

    def translate(self, source, condition=None, noise=None):
        return noise / 100


def named(method, name, settings=None, **changes):
    return translator_of(method, settings, Identity(name, f"hash of {name}"), **changes)


def head():
    voxels, _ = ball((9, 8, 7))
    return Volume(voxels, oblique())


def test_it_gives_the_mean_and_the_deviation_of_its_members():
    by = (-31, 12, 40)
    made = Ensemble([named(Shifted(each), f"by {each}") for each in by]).translate(head())
    inside = head().voxels[0] > -1000
    assert made.volume.voxels.dtype == np.int16
    assert made.modality.unit == "HU"
    assert np.allclose(made.volume.voxels[0][inside], (head().voxels[0] + np.mean(by))[inside], atol=1)
    assert np.allclose(made.uncertainty.voxels[0][inside], np.std(by, ddof=1), atol=1)


def test_planes_may_differ_and_the_place_is_kept():
    volume = head()
    members = [named(Same(), plane, plane=plane) for plane in ("axial", "coronal", "sagittal")]
    made = Ensemble(members).translate(volume)
    assert np.array_equal(made.volume.voxels, volume.voxels)
    assert not made.uncertainty.voxels.any()
    assert np.array_equal(made.volume.affine, volume.affine)


def test_all_members_write_the_same_voxels_those_of_the_source_or_of_the_models():
    volume, finer = head(), TranslatingSettings(grid="model")
    one, two, other = (named(Same(), name, finer, spacing=(mm, mm, mm)) for name, mm in (("a", 1), ("b", 1), ("c", 2)))
    made = Ensemble([one, two]).translate(volume)
    assert made.volume.spacing == pytest.approx((1, 1, 1))
    assert made.volume.shares_grid_with(one.translate(volume).volume)
    assert made.uncertainty.shares_grid_with(made.volume)
    with pytest.raises(ModelRefused, match="c: writes voxels of another size than a"):
        Ensemble([one, other])
    with pytest.raises(ModelRefused, match="b: writes voxels of another size than a"):
        Ensemble([one, named(Same(), "b", spacing=(1, 1, 1))])
    Ensemble([one.with_settings(grid="source"), other.with_settings(grid="source")])


def test_the_uncertainty_of_the_members_adds_to_that_between_them():
    """Two with the same noise have the same mean: what is left is the uncertainty of each."""
    settings = TranslatingSettings(samples=4)
    one, two = (named(Drawn(), name, settings) for name in "ab")
    alone = one.translate(head())
    both = Ensemble([one, two]).translate(head())
    assert alone.uncertainty.voxels.max() > 0
    assert np.allclose(both.uncertainty.voxels, alone.uncertainty.voxels, rtol=1e-5)


def test_one_sample_of_each_model_is_refused_and_all_samples_are_counted():
    with pytest.raises(UsageError, match="--samples: b draws samples, and one of each model has no standard deviation"):
        Ensemble([named(Same(), "a"), named(Drawn(), "b")])
    several = TranslatingSettings(samples=4)
    made = Ensemble([named(Same(), "a"), named(Drawn(), "b", several), named(Drawn(), "c", several)]).translate(head())
    assert made.samples == 9
    assert Ensemble([named(Same(), "a"), named(Same(), "b")]).translate(head()).samples == 2


def test_progress_only_grows_and_ends():
    fractions = []
    Ensemble([named(Same(), "a"), named(Same(), "b")]).translate(head(), on_progress=fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_models_of_different_scales_are_refused():
    ct, other = named(Same(), "ct"), named(Same(), "a", target_normalisation=Percentiles(typical_range=(0.0, 900.0)))
    with pytest.raises(ModelRefused, match="a: writes MR, ct CT"):
        Ensemble([ct, other])
    with pytest.raises(ModelRefused, match="b: writes intensities on another scale than a"):
        Ensemble([other, named(Same(), "b", target_normalisation=Percentiles(typical_range=(0.0, 400.0)))])
    Ensemble([ct, named(Same(), "soft", target_normalisation=Linear(high=1000.0))])
    with pytest.raises(ModelRefused, match="labels, which have no mean"):
        Ensemble([named(Same(), "s", target_normalisation=Labels()), named(Same(), "t", target_normalisation=Labels())])
    with pytest.raises(UsageError, match="ct is given twice"):
        Ensemble([ct, ct])


def test_models_of_one_contrast_that_learnt_other_intensities_meet_on_the_scale_of_the_first():
    """As those of several folds: each learnt how bright the images of its own training subjects are."""
    members = []
    for high in (900.0, 450.0):
        member = named(Same(), f"up to {high}", target_normalisation=Percentiles(typical_range=(0.0, high)))
        member.preparation = replace(member.preparation, target_percentiles=(high,))
        members.append(member)
    first, made = members[0].translate(head()), Ensemble(members).translate(head())
    assert np.allclose(made.volume.voxels, first.volume.voxels, rtol=1e-5)
    assert first.volume.voxels.max() > 1.9 * members[1].translate(head()).volume.voxels.max() > 0
    assert np.allclose(made.uncertainty.voxels, 0, atol=1e-2)


def test_a_painted_contrast_has_no_mean_with_one_that_was_learnt_from_scanners():
    painted = named(Same(), "painted", target_normalisation=Linear(low=0, high=850))
    painted.preparation = replace(painted.preparation, target_modality="MR", target_percentiles=(500.0,))
    real = named(Same(), "real", target_normalisation=Percentiles(typical_range=(0.0, 900.0)))
    for members in ([painted, real], [real, painted]):
        with pytest.raises(ModelRefused, match="intensities on another scale"):
            Ensemble(members)


class Level(Same):
    """One value everywhere."""

    def translate(self, source, condition=None):
        return 0 * super().translate(source, condition)


@pytest.mark.parametrize("other", [Same, Level])
def test_whether_a_t1_is_kept_is_decided_once_by_the_mean(other):
    """Although one of the members alone finds no two tissues."""
    t1 = clean_t1(make_head(3, shape=(64, 72, 64), spacing=3.0), np.random.default_rng(0))
    scales = {"target_normalisation": Linear(low=0, high=850), "source_normalisation": Linear(low=0, high=850)}
    how = {"source_modality": "MR", "target_modality": "MR", **scales}
    kinds = {"a": Same(), "b": other()}
    members = [named(kind, name, TranslatingSettings(keeps_t1=True), **how) for name, kind in kinds.items()]
    for member in members:
        member.preparation = replace(member.preparation, target_percentiles=(500.0,))
    made = Ensemble(members).translate(t1)
    assert [finding.code for finding in made.findings if finding.code.endswith("-t1")] == ["kept-t1"]
    inside = made.volume.voxels > 0
    assert np.corrcoef(made.volume.voxels[inside], t1.voxels[inside])[0, 1] > 0.9999
    assert made.uncertainty.voxels.max() == 0, "thin slices need no detail of the members"


def test_what_a_member_refuses_is_refused():
    with pytest.raises(InputRefused, match="head: has 2 channels"):
        Ensemble([named(Same(), "a"), named(Same(), "b")]).translate(
            Volume(np.ones((2, 4, 4, 4), np.float32), np.eye(4)), where="head"
        )


def test_files_are_translated_with_every_member_in_the_sidecar_and_resumed(tmp_path):
    source = save_nifti(tmp_path / "in.nii.gz", head().voxels, oblique())
    members = [named(Shifted(10), "axial"), named(Shifted(30), "coronal")]
    output = tmp_path / "out" / "ct.nii.gz"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        [outcome] = translate_files(source, output, Ensemble(members))
    assert outcome.verdict == "done", outcome.message
    facts = json.loads(output.with_name("ct.json").read_text())
    assert facts["model"]["name"] == "axial + coronal"
    assert [member["sha256"] for member in facts["model"]["mean_of"]] == ["hash of axial", "hash of coronal"]
    assert np.array_equal(nib.load(output).affine, nib.load(source).affine)
    assert np.allclose(read_volume(output.with_name("ct_std.nii.gz")).voxels.max(), np.sqrt(200), atol=1)

    def again(translator):
        return translate_files(source, output, translator, resume=True)[0].verdict

    assert again(Ensemble(members)) == "skipped"
    assert again(Ensemble([members[0], named(Shifted(30), "another")])) == "done"
    assert again(members[0]) == "done"


def test_the_mean_of_two_real_networks_is_the_mean_of_their_translations():
    members = [named(Convolved(dims=2), "a"), named(Convolved(dims=3), "b", spatial_dims=3, patch=(8, 8, 8))]
    one, two = (member(head()).voxels.astype(float) for member in members)
    assert np.abs(Ensemble(members)(head()).voxels - (one + two) / 2).max() <= 0.5
    assert np.abs(one - two).max() > 1


def test_members_with_and_without_data_consistency_write_other_units_and_have_no_mean():
    members = [named(Shifted(by), str(by), TranslatingSettings(data_consistency=by or None)) for by in (0, 0.5)]
    with pytest.raises(ModelRefused, match="one has data consistency"):
        Ensemble(members)
