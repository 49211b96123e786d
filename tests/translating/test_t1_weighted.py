"""T1-weighted sources of a model that makes T1 are recognised, and kept where the model is set so."""

from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint_mr
from medtrans.phantoms.mr_appearance import other_scanner
from medtrans.phantoms.skulls import hull_of_brain
from medtrans.phantoms.t1_target import clean_t1
from medtrans.preparing.geometry import resample_like
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.preparing.settings import PreparingSettings
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.t1_weighted import is_t1_weighted, kept
from tests.translating.stand_ins import Same, translator_of

SCALE = Linear(low=0, high=850)
THICK = 9.0


@pytest.fixture(scope="module")
def painted():
    """A head, its clean T1 as a model would write it, and the brain with 3 mm of CSF around it."""
    head = make_head(3, shape=(64, 72, 64), spacing=3.0)
    brain = hull_of_brain(head.tissues.voxels[0], head.grid.spacing, 3.0)
    return head, clean_t1(head, np.random.default_rng(0)), brain


@pytest.mark.parametrize("part", ["head", "brain"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("contrast", ["T1", "T2", "FLAIR", "PD"])
def test_of_the_contrasts_only_a_t1_is_recognised(contrast, seed, part, painted):
    head, t1, brain = painted
    rng = np.random.default_rng(seed)
    mask = brain if part == "brain" else np.ones_like(brain)
    source = paint_mr(head, other_scanner(contrast, rng), rng)
    recognised = is_t1_weighted(source.like(source.voxels * mask), t1.like(t1.voxels * mask))
    assert recognised is (contrast == "T1")


def test_an_image_without_a_brain_or_without_two_tissues_is_not_recognised(painted):
    _, t1, _ = painted
    small = Volume(t1.voxels[:, :12, :12, :12], t1.affine)
    flat = t1.like(np.where(t1.voxels > 0, 400.0, 0).astype(np.float32))
    holed = t1.like(np.where(t1.voxels > 600, np.nan, t1.voxels).astype(np.float32))
    for source, made in ((small, small), (flat, t1), (t1, flat), (t1, t1.like(np.zeros_like(t1.voxels))), (holed, t1)):
        assert not is_t1_weighted(source, made)


def test_the_detail_of_the_translation_brings_a_thick_t1_nearer_to_the_thin_one(painted):
    _, t1, _ = painted
    thin = t1.like(3 * t1.voxels)
    slices = thin.voxels[..., : thin.shape[2] // 3 * 3].reshape(*thin.voxels.shape[:3], -1, 3).mean(axis=4)
    step = np.diag([1, 1, 3, 1.0])
    step[2, 3] = 1.0
    source = resample_like(Volume(slices.astype(np.float32), thin.affine @ step), thin, order=1)
    made = kept(source, t1, (3.0, 3.0, THICK))
    inside = (t1.voxels > 0) & (source.voxels > 0)
    errors = [
        np.sqrt(np.mean((one.voxels[inside] - t1.voxels[inside]) ** 2))
        for one in (made, source.like(source.voxels / 3))
    ]
    assert errors[0] < 0.7 * errors[1]
    assert not made.voxels[t1.voxels == 0].any()


def test_of_a_thin_t1_itself_is_left_on_the_scale_of_the_model(painted):
    head, t1, _ = painted
    rng = np.random.default_rng(1)
    source = paint_mr(head, other_scanner("T1", rng), rng)
    made = kept(source, t1, t1.spacing).voxels
    inside = made > 0
    assert np.corrcoef(made[inside], source.voxels[inside])[0, 1] > 0.999999
    assert made[inside].mean() == pytest.approx(t1.voxels[inside].mean(), rel=0.2)


@pytest.mark.parametrize(
    ("percentiles", "keeps", "expected"),
    [((500.0,), False, {"already-t1"}), ((500.0,), True, {"kept-t1"}), ((), False, set()), ((), True, {"kept-t1"})],
    ids=["painted", "painted and kept", "scanned", "scanned and kept"],
)
def test_a_translation_says_so(percentiles, keeps, expected, painted):
    _, t1, _ = painted
    settings = TranslatingSettings(keeps_t1=keeps)
    scales = {"target_normalisation": SCALE, "source_normalisation": SCALE}
    translator = translator_of(Same(), settings, source_modality="MR", target_modality="MR", **scales)
    translator.preparation = replace(translator.preparation, target_percentiles=percentiles)
    made = translator.translate(t1)
    assert {finding.code for finding in made.findings if finding.code.endswith("-t1")} == expected
    assert made.volume.shares_grid_with(t1)
    if keeps:
        assert np.allclose(made.volume.voxels, t1.voxels, atol=1)


def test_it_needs_a_t1_on_a_fixed_scale():
    TranslatingSettings(keeps_t1=True).assert_fits(PreparingSettings(target_normalisation=SCALE), Same())
    two = Same()
    two.task = replace(two.task, target_channels=2)
    for scale, method in ((Percentiles(), None), (SCALE, two)):
        with pytest.raises(UsageError, match=r"translating.keeps_t1: is for models that make a T1, and nothing else"):
            TranslatingSettings(keeps_t1=True).assert_fits(PreparingSettings(target_normalisation=scale), method)
