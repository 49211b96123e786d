"""What holds for every degradation, found through the registry."""

import json
from dataclasses import fields

import numpy as np
import pytest
from scipy import stats

from medtrans import degradations
from medtrans.core.degradation import LinearDegradation
from medtrans.core.errors import UsageError
from medtrans.core.volume import Volume
from tests.degradations.images import smooth_head, suited

NAMES = degradations.names()
LINEAR = [name for name in NAMES if issubclass(degradations.load(name), LinearDegradation)]
every_degradation = pytest.mark.parametrize("name", NAMES)
every_linear_one = pytest.mark.parametrize("name", LINEAR)
SHAPES = {"block": (2, 16, 15, 14), "one channel": (1, 14, 13, 6), "slice": (3, 24, 20, 1)}
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def drawn(name, seed=0):
    degradation = degradations.load(name)()
    return degradation, degradation.draw(np.random.default_rng(seed))


def applied_with(name, strength):
    """The head degraded with one value of the parameter that makes it stronger, all else drawn alike."""
    degradation, parameters = drawn(name)
    return degradation.apply(smooth_head(name), **{**parameters, degradation.ladder.parameter: strength})


def on_the_grid_of(volume, reference):
    """Linear interpolation at the places of the reference, for degradations with a grid of their own."""
    from scipy.ndimage import map_coordinates

    places = np.stack(np.meshgrid(*map(np.arange, reference.shape), indexing="ij"), -1)
    matrix = np.linalg.inv(volume.affine) @ reference.affine
    coordinates = np.moveaxis(places @ matrix[:3, :3].T + matrix[:3, 3], -1, 0)
    return np.stack([map_coordinates(channel, coordinates, order=1, mode="nearest") for channel in volume.voxels])


def test_the_family_has_its_members():
    assert {"thick_slices", "undersampling", "rician_noise", "motion", "low_dose", "count_reduction"} <= set(NAMES)
    assert {"blur", "thick_slices", "low_resolution", "undersampling", "sparse_views"} <= set(LINEAR)
    assert all(entry.summary for entry in degradations.entries())


@every_degradation
def test_the_name_in_a_recipe_is_the_name_of_the_file(name):
    degradation = degradations.load(name)()
    assert degradation.name == name
    assert type(degradation).from_dict(json.loads(json.dumps(degradation.to_dict()))) == degradation


@every_degradation
def test_what_is_drawn_can_be_written_to_json_and_depends_on_the_generator_alone(name):
    parameters = drawn(name)[1]
    assert parameters
    assert json.loads(json.dumps(parameters)) == parameters
    assert drawn(name)[1] == parameters
    assert drawn(name, 1)[1] != parameters


@every_degradation
def test_a_setting_that_is_one_number_is_drawn_as_that_number(name):
    kind = degradations.load(name)
    parameter = kind.ladder.parameter
    assert parameter in {field.name for field in fields(kind)}
    value = kind.ladder.values[2]
    fixed = kind(**{parameter: value})
    assert {fixed.draw(np.random.default_rng(seed))[parameter] for seed in range(3)} == {value}


@every_degradation
def test_every_number_has_a_unit_which_the_list_and_an_error_name(name):
    kind = degradations.load(name)
    facts = next(entry.facts for entry in degradations.entries() if entry.name == name)
    for key, value in kind().to_dict().items():
        if isinstance(value, (int, float, list)) and not isinstance(value, bool):
            assert f"{key} " in facts
            assert kind.units[key] in facts
            with pytest.raises(UsageError, match=rf"{key} is .*{kind.units[key].split()[-1]}"):
                kind.from_dict({key: "a"}, name)


@every_degradation
def test_a_range_from_high_to_low_is_refused(name):
    kind = degradations.load(name)
    low, high = sorted(kind.ladder.values[1:3])
    with pytest.raises(UsageError, match="no range from low to high"):
        kind(**{kind.ladder.parameter: (high, low)})


@every_degradation
@every_shape
def test_the_same_parameters_give_the_same_image(name, shape):
    degradation, parameters = drawn(name)
    once, again = (degradation.apply(suited(name, shape), **json.loads(json.dumps(parameters))) for _ in range(2))
    assert np.array_equal(once.voxels, again.voxels)


@every_degradation
def test_the_image_changes(name):
    after = applied_with(name, degradations.load(name).ladder.values[3])
    assert not np.array_equal(after.voxels, smooth_head(name).voxels)


@every_degradation
@every_shape
def test_the_input_is_untouched_and_the_grid_is_kept_or_stated(name, shape):
    degradation, parameters = drawn(name)
    before = suited(name, shape)
    after = degradation.apply(before, **parameters)
    assert np.array_equal(before.voxels, suited(name, shape).voxels)
    if degradation.keeps_grid:
        assert after.shares_grid_with(before)
    else:
        middles = [volume.affine @ [*(np.array(volume.shape) - 1) / 2, 1] for volume in (before, after)]
        assert middles[0] == pytest.approx(middles[1], abs=max(before.spacing))
    assert after.channels == before.channels
    assert after.origin is before.origin
    assert after.voxels.dtype == np.float32
    assert np.isfinite(after.voxels).all()


@every_degradation
def test_an_image_of_integers_is_degraded_as_one_of_floats(name):
    degradation, parameters = drawn(name)
    whole = suited(name)
    whole = whole.like(np.rint(whole.voxels).astype(np.int16))
    floats = degradation.apply(whole.like(whole.voxels.astype(np.float32)), **parameters)
    assert degradation.apply(whole, **parameters).voxels == pytest.approx(floats.voxels, abs=1e-4)


@every_degradation
def test_the_global_generator_is_left_alone(name):
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    degradation, parameters = drawn(name)
    degradation.apply(suited(name), **parameters)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


@every_degradation
def test_no_strength_is_the_identity(name):
    original = smooth_head(name)
    after = applied_with(name, degradations.load(name).ladder.values[0])
    assert after.shares_grid_with(original)
    assert after.voxels == pytest.approx(original.voxels, abs=1e-5 * float(np.ptp(original.voxels)))


@every_degradation
def test_more_strength_is_more_error(name):
    original, values = smooth_head(name), degradations.load(name).ladder.values
    assert len(values) == 6
    errors = [np.abs(on_the_grid_of(applied_with(name, value), original) - original.voxels).mean() for value in values]
    assert stats.spearmanr(range(6), errors).statistic >= 0.9


@every_degradation
def test_hounsfield_units_stay_hounsfield_units(name):
    if "CT" not in degradations.load(name).modalities:
        pytest.skip("no degradation of CT")
    weak = degradations.load(name).ladder.values[1]
    head = smooth_head("low_dose")
    degradation, parameters = drawn(name)
    after = degradation.apply(head, **{**parameters, degradation.ladder.parameter: weak})
    tissue = (head.voxels > -100) & (head.voxels < 300)
    assert on_the_grid_of(after, head)[tissue].mean() == pytest.approx(head.voxels[tissue].mean(), abs=30)
    assert after.voxels.min() >= -1024


@every_degradation
def test_air_stays_air_where_a_degradation_is_local(name):
    kind = degradations.load(name)
    if kind.role != "local" or name == "noise":
        pytest.skip("reaches everywhere")
    degradation, parameters = drawn(name)
    image = np.zeros((1, 24, 24, 1), np.float32)
    image[:, 10:14, 10:14] = 0.9
    after = degradation.apply(Volume(image, np.diag([2.0, 2.0, 1.0, 1.0])), **parameters).voxels
    assert after[:, :4] == pytest.approx(0, abs=1e-6)
    assert not np.allclose(after[:, 8:16, 8:16], image[:, 8:16, 8:16], atol=1e-4)


@every_linear_one
def test_the_adjoint_is_the_transpose(name):
    degradation, parameters = drawn(name)
    grid, rng = suited(name, (1, 12, 11, 10)), np.random.default_rng(1)
    x = rng.normal(size=grid.voxels.shape)
    seen = degradation.measure(x, grid, **parameters)
    m = rng.normal(size=seen.shape) + (1j * rng.normal(size=seen.shape) if np.iscomplexobj(seen) else 0)
    forward = np.vdot(m, seen).real
    back = float((degradation.adjoint(m, grid, **parameters) * x).sum())
    assert forward == pytest.approx(back, rel=1e-5, abs=1e-5 * np.linalg.norm(m) * np.linalg.norm(seen))


@every_linear_one
def test_the_measurements_do_not_depend_on_the_null_space(name):
    degradation, parameters = drawn(name)
    grid = suited(name, (1, 12, 11, 10))
    x = np.random.default_rng(2).normal(size=grid.voxels.shape)
    rest = degradation.null_space(x, grid, **parameters)
    seen = np.linalg.norm(degradation.measure(x, grid, **parameters))
    assert np.linalg.norm(degradation.measure(rest, grid, **parameters)) <= 2e-3 * seen
    assert float((rest * (x - rest)).sum()) == pytest.approx(0, abs=1e-2 * float((x * x).sum()))  # conjugate gradients
