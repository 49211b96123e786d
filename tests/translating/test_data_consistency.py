import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from medtrans import degradations
from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.known_operator import KnownOperator
from medtrans.core.modality import MODALITIES
from medtrans.core.volume import Volume
from medtrans.degradations._record import degrade_all, known_operator, linear_names
from medtrans.preparing.geometry import on_grid_of
from medtrans.translating.data_consistency import Measured, agree, make_consistent
from tests.degradations.images import smooth_head, suited

SHAPE = (1, 14, 13, 12)
CT_SHAPE = (1, 11, 10, 3)
"""Of projections, which take longer."""
NAMES = linear_names()
every_linear_one = pytest.mark.parametrize("name", NAMES)
HELD = [name for name in NAMES if name not in ("limited_angle", "sparse_views")]
"""Of these a degraded image holds its measurements, and nothing else."""
MODALITY = {name: MODALITIES["CT" if degradations.load(name).modalities == ("CT",) else "MR"] for name in NAMES}
TOLERANCE = {"undersampling": 5e-3, "low_resolution": 2e-2}
"""Magnitudes have lost phases and signs."""


def case(name, seed=0):
    """An image, the record of its degradation, and a translation that is blurred, noisy and a little too bright."""
    kind, shape = degradations.load(name), CT_SHAPE if MODALITY[name].name == "CT" else SHAPE
    image, rng = suited(name, shape), np.random.default_rng(seed)
    record = [{"name": name, "parameters": kind().draw(rng)}]
    zero = MODALITY[name].no_signal
    noise = 0.05 * rng.normal(size=shape) * (image.voxels.max() - zero)
    return image, record, image.like((1.05 * (image.voxels - zero) + zero + noise).astype(np.float32))


@every_linear_one
def test_a_translation_measured_again_gives_the_measurements_by_the_smallest_change(name):
    image, record, translated = case(name)
    operator = KnownOperator(degradations.load(name)(), record[0]["parameters"], image)
    m = operator.measure(image.voxels.astype(np.float64))
    voxels, before, after = agree(translated.voxels.astype(np.float64), lambda _: m, operator)
    assert before > 0.01
    assert after < 2e-3
    assert np.linalg.norm(operator.measure(voxels) - m) == pytest.approx(after * np.linalg.norm(m))
    change = voxels - translated.voxels
    assert np.linalg.norm(operator.null_space(change)) <= 0.05 * np.linalg.norm(change)


@pytest.mark.parametrize("name", HELD)
def test_it_is_what_was_measured_and_of_the_network_only_the_null_space(name):
    image, record, translated = case(name)
    operator, y = known_operator(record, image), translated.voxels.astype(np.float64)
    m = operator.measure(image.voxels.astype(np.float64))
    network = operator.pseudo_inverse(m) + operator.null_space(y)
    assert agree(y, lambda _: m, operator)[0] == pytest.approx(network, abs=2e-3 * np.abs(y).max())


@pytest.mark.parametrize("name", HELD)
def test_a_translation_degraded_again_equals_its_source(name):
    image, record, translated = case(name)
    source = degrade_all(image, record, MODALITY[name])
    if not degradations.load(name).keeps_grid:
        source = on_grid_of(image, source, MODALITY[name].air)
    how = Measured(record, "cubic")
    made, _ = make_consistent(translated, source, how, 0.0, MODALITY[name], scale=False, where="a")
    again = degrade_all(made, record, MODALITY[name])
    again = on_grid_of(image, again, MODALITY[name].air)
    zero = MODALITY[name].no_signal
    left = np.linalg.norm(again.voxels - source.voxels) / np.linalg.norm(source.voxels - zero)
    assert left <= TOLERANCE.get(name, 1e-3)


def test_a_ct_of_few_views_comes_nearer_to_the_projections_that_were_made():
    whole, record = smooth_head("sparse_views"), [{"name": "sparse_views", "parameters": {"views": 20}}]
    image = Volume(whole.voxels[..., :2], whole.affine)
    source, operator = degrade_all(image, record, MODALITIES["CT"]), known_operator(record, image)
    translated = image.like(gaussian_filter(image.voxels, (0, 1, 1, 0)))
    made, _ = make_consistent(translated, source, Measured(record), 0.01, MODALITIES["CT"], scale=False, where="a")
    before, after = (np.linalg.norm(operator.measure(one.voxels - image.voxels)) for one in (translated, made))
    assert after < 0.9 * before


def test_it_agrees_no_further_than_whole_numbers_are_exact():
    rng = np.random.default_rng(0)
    voxels = np.where(rng.uniform(size=(1, 12, 12, 12)) < 0.5, 40.0, 60.0)
    voxels[:, :3] = -1000
    ct, record = Volume(voxels, np.eye(4)), [{"name": "blur", "parameters": {"millimetres": 4.0}}]
    blurred = degrade_all(ct, record, MODALITIES["CT"])
    errors = {}
    for kind in (np.int16, np.float32):
        source = ct.like(np.rint(blurred.voxels).astype(kind))
        made, _ = make_consistent(blurred, source, Measured(record), 0.0, MODALITIES["CT"], scale=False, where="a")
        errors[kind] = np.sqrt(((made.voxels - voxels)[:, 6:] ** 2).mean())
    assert errors[np.int16] < 0.7 * errors[np.float32], "the latter takes the rounding for detail"


def test_an_image_without_a_unit_is_brought_to_that_of_its_source():
    image, record, _ = case("blur")
    source = degrade_all(image, record, MODALITIES["MR"])
    made, agreement = make_consistent(
        image.like(image.voxels / 40), source, Measured(record), 0.0, MODALITIES["MR"], scale=True, where="a"
    )
    assert agreement.gain == pytest.approx(40, rel=1e-4)
    assert agreement.before == pytest.approx(0, abs=1e-5)
    assert made.voxels == pytest.approx(image.voxels, abs=1e-3)


@pytest.mark.parametrize(
    ("record", "names"),
    [
        ([], "nothing"),
        ([{"name": "gamma", "parameters": {"exponent": 1.1}}], "gamma"),
        (2 * case("blur")[1], "blur and"),
    ],
    ids=["nothing", "not linear", "a chain"],
)
def test_anything_else_than_one_linear_degradation_is_refused_and_the_linear_ones_are_named(record, names):
    image = case("blur")[0]
    with pytest.raises(UsageError, match=f"was degraded by {names}.*linear are {', '.join(NAMES)}"):
        make_consistent(image, image, Measured(record), 0.0, MODALITIES["MR"], scale=False, where="a")


def test_limited_angle_is_refused_since_its_image_does_not_hold_the_projections():
    image, record, translated = case("limited_angle")
    with pytest.raises(InputRefused, match="cannot be recovered"):
        make_consistent(translated, image, Measured(record), 0.0, MODALITIES["CT"], scale=False, where="a")


def test_a_source_that_the_degradation_does_not_give_is_refused():
    image, record, translated = case("thick_slices")
    thinner = Volume(image.voxels[..., :-1], image.affine)
    for source, how in ((thinner, Measured(record)), (image, Measured(record)), (thinner, Measured(record, "cubic"))):
        with pytest.raises(InputRefused, match="not those that the recorded thick_slices gives"):
            make_consistent(translated, source, how, 0.0, MODALITIES["MR"], scale=False, where="a")
