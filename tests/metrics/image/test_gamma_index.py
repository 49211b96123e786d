import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from medtrans.metrics.image.gamma_index import GammaIndex

SPACING = (2.0, 1.5, 2.5)


def doses(shape, seed=0):
    rng = np.random.default_rng(seed)
    target = 60 * np.exp(-sum(np.square((g - s / 2) / s * 2) for g, s in zip(np.indices(shape), shape, strict=True)))
    return target + rng.normal(0, 10, shape), target


def by_brute_force(translated, target, spacing, *, dose, distance, cutoff, steps):
    """Every reference voxel against every offset, with gamma itself and not only whether it passes."""
    axes = [np.arange(side) * mm for side, mm in zip(target.shape, spacing, strict=True)]
    read = RegularGridInterpolator(axes, translated, bounds_error=False, fill_value=np.inf)
    step = np.arange(-steps, steps + 1) / steps * distance
    offsets = np.stack(np.meshgrid(*[step] * 3, indexing="ij"), -1).reshape(-1, 3)
    offsets = offsets[np.square(offsets).sum(1) <= distance**2 * (1 + 1e-12)]
    gammas = []
    for place in np.argwhere(target >= cutoff * target.max()):
        gap = (read(place * spacing + offsets) - target[tuple(place)]) / (dose * target.max())
        gammas.append(np.sqrt(np.square(offsets).sum(1) / distance**2 + gap**2).min())
    return np.mean(np.array(gammas) <= 1 + 1e-9)


def test_the_pass_rate_is_that_of_an_exhaustive_search():
    translated, target = doses((8, 9, 7))
    expected = by_brute_force(translated, target, SPACING, dose=0.02, distance=1.0, cutoff=0.2, steps=4)
    found = GammaIndex(dose_percent=2, distance_mm=1.0, cutoff_percent=20, steps=4)(
        translated, target, np.ones(target.shape, bool), SPACING
    )
    assert 0.2 < expected < 0.95
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("percent", "passes"), [(4.2, 1.0), (4.3, 0.0)])
def test_on_a_ramp_dose_and_distance_add_as_squares(percent, passes):
    """1 % a mm and 3 %, 3 mm: a dose that is too high by c % passes where c² ≤ 3² + (3 · 1)² = 4.24²."""
    target = np.broadcast_to(np.linspace(0, 100, 101)[:, None, None], (101, 1, 1))
    inside = np.zeros(target.shape, bool)
    inside[20:] = True
    found = GammaIndex(cutoff_percent=40, steps=30)(target + percent, target, inside)
    far_from_the_end = 0 if passes else 4 / 61
    assert found == pytest.approx(passes, abs=far_from_the_end)


@pytest.mark.parametrize(("percent", "passes"), [(2.9, 1.0), (3.1, 0.0)])
def test_a_level_dose_is_judged_by_its_value_alone(percent, passes):
    level = np.full((6, 6, 6), 50.0)
    assert GammaIndex(steps=3)(level * (1 + percent / 100), level, np.ones(level.shape, bool)) == passes


def test_doses_below_the_cut_off_do_not_count():
    target = np.full((4, 4, 4), 60.0)
    target[:2] = 5
    translated = np.where(target == 5, 30, target)
    inside = np.ones(target.shape, bool)
    assert GammaIndex(steps=3)(translated, target, inside) == 1
    assert GammaIndex(steps=3, cutoff_percent=5, distance_mm=0.5)(translated, target, inside) == 0.5


def steep(shift=0.0, scale=1.0, shape=(11, 13, 9)):
    """A ball of 60 Gy, moved by `shift` mm along the first axis."""
    i, j, k = ((grid - (side - 1) / 2) * mm for grid, side, mm in zip(np.indices(shape), shape, SPACING, strict=True))
    return scale * 60 / (1 + np.exp((np.sqrt((i - shift) ** 2 + j**2 + k**2) - 9) / 1.5))


@pytest.mark.conformance
@pytest.mark.parametrize(("distance", "made"), [(3, (2.5, 1.05)), (2, (3.0, 1.02))], ids=["96 % pass", "64 % pass"])
def test_it_agrees_with_pymedphys(distance, made):
    """Both look at other places and so miss a few agreements: with steps ever finer they meet from below."""
    for package in ("pymedphys", "numba"):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install pymedphys numba")
    import pymedphys

    translated, target = steep(*made), steep()
    axes = tuple(np.arange(side) * mm for side, mm in zip(target.shape, SPACING, strict=True))
    options = {"lower_percent_dose_cutoff": 10, "max_gamma": 1.1, "interp_fraction": 20}
    gamma = pymedphys.gamma(axes, target, axes, translated, 3, distance, **options)
    counted = gamma[~np.isnan(gamma)]
    found = GammaIndex(distance_mm=distance)(translated, target, np.ones(target.shape, bool), SPACING)
    assert 0.5 < found < 0.99
    assert found == pytest.approx((counted <= 1).mean(), abs=0.015)
