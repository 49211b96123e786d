"""Posterior sampling against the exact posterior of a normal prior: independent voxels of mean 0.3 and one variance.

C = (I / c + AᵀA / σ²)⁻¹,    mean = C (μ / c + Aᵀm / σ²)
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from medtrans import degradations
from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.known_operator import KnownOperator
from medtrans.core.volume import Volume
from medtrans.degradations._record import degrade_all
from medtrans.preparing.normalisation.linear import Linear
from medtrans.translating.data_consistency import Measured
from medtrans.translating.posterior import Likelihood, damped_least_squares, sample_posterior
from medtrans.translating.prior import Prior
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.sliding_window import SlidingWindow
from tests.methods.exact_normal import MEAN
from tests.methods.test_exact_normal import method
from tests.translating.stand_ins import Same, preparation_of, translator_of

DEVIATION, NOISE, SCALE = 0.2, 0.05, 500.0
"""Of the prior and of the measurements, in normalised units, and the units of an image for one normalised unit."""
RANDOM = {"acceleration": 2.0, "centre": 0.2, "pattern": "random", "plane": "axial", "seed": 1}
SLICES = {"millimetres": 3.0, "gap": 0.0, "plane": "axial", "profile": "gaussian"}
KINDS = {
    "undersampling": ((8, 6, 120), RANDOM),
    "thick_slices": ((12, 10, 8), SLICES),
    "sparse_views": ((6, 6, 120), {"views": 4}),
}
"""The shape of a volume, and a degradation of each slice, or of each column, by itself: 120 independent cases."""
every_kind = pytest.mark.parametrize("name", KINDS)
every_prior = pytest.mark.parametrize("prior", ["diffusion", "rectified_flow"])
MR = {"source_normalisation": Linear(low=-SCALE, high=SCALE), "target_normalisation": Linear(low=-SCALE, high=SCALE)}
MR |= {"source_modality": "MR", "target_modality": "MR", "spatial_dims": 2}


@dataclass(frozen=True)
class Problem:
    """One measurement of an image of the prior, the same in all cases of a volume, and its exact posterior."""

    name: str

    @property
    def operator(self):
        shape, parameters = KINDS[self.name]
        return KnownOperator(degradations.load(self.name)(), parameters, Volume(np.zeros((1, *shape)), np.eye(4)))

    def cases(self, voxels):
        """(case, voxels of it)"""
        rows = voxels.reshape(-1, voxels.shape[-1])
        return rows if self.name == "thick_slices" else rows.T

    def volume(self, cases):
        shape = self.operator.grid.shape
        size = shape[2] if self.name == "thick_slices" else shape[0] * shape[1]
        every = np.resize(cases, (int(np.prod(shape)) // size, size))
        return (every if self.name == "thick_slices" else every.T).reshape(1, *shape)

    def solve(self):
        operator, rng = self.operator, np.random.default_rng(0)
        size = self.cases(operator.grid.voxels).shape[1]
        normal = self.cases(operator.adjoint(operator.measure(self.volume(np.eye(size)))))[:size]
        seen = operator.measure(self.volume(MEAN + DEVIATION * rng.normal(size=size)))
        # Noise of a norm as that of independent numbers, the same in all cases: A of an image of noise.
        noise = operator.measure(self.volume(rng.normal(size=size)))
        count = np.count_nonzero(noise) * (2 if np.iscomplexobj(noise) else 1)
        m = seen + noise * NOISE * np.sqrt(count) / np.linalg.norm(noise)
        covariance = np.linalg.inv(np.eye(size) / DEVIATION**2 + normal / NOISE**2)
        mean = covariance @ (MEAN / DEVIATION**2 + self.cases(operator.adjoint(m))[0] / NOISE**2)
        left = np.linalg.norm(m - operator.measure(self.volume(mean))) ** 2
        left += len(self.cases(operator.grid.voxels)) * np.trace(normal @ covariance)
        return m, count, mean, np.sqrt(np.diag(covariance)), np.sqrt(left / count) / NOISE


@cache
def sampled(name, prior, seeds=4):
    """All cases of several volumes drawn with the exact prior, the exact posterior, and the residuals of the volumes.

    Residuals are relative to the noise.
    """
    problem = Problem(name)
    m, count, *exact_ones = problem.solve()
    operator, prepared = problem.operator, preparation_of(**MR).prepare_source(problem.operator.grid)
    noise, size = NOISE * SCALE * np.sqrt(count), np.linalg.norm(SCALE * m)
    unit = SCALE, 0.0, prepared, "RAS", 1.0
    known = Likelihood(operator, lambda _: SCALE * m, 0 * m, noise / size, count, *unit)
    exact = Prior(method(prior, DEVIATION), SlidingWindow(spatial_dims=2, batch=120), prepared)
    drawn = [sample_posterior(exact, known, seed=seed) for seed in range(seeds)]
    cases = np.concatenate([problem.cases(prediction.voxels) for prediction, _ in drawn])
    return cases, *exact_ones, [found.residual / found.noise for _, found in drawn]


@every_prior
@every_kind
def test_mean_and_standard_deviation_are_those_of_the_exact_posterior(name, prior):
    cases, mean, deviation, _, _ = sampled(name, prior)
    assert np.abs(mean - MEAN).max() > 0.1 * DEVIATION, "the measurements change the mean"
    assert deviation.min() < 0.85 * DEVIATION
    chance = deviation / np.sqrt(len(cases))
    assert np.abs(cases.mean(0) - mean).max() < 0.02 * DEVIATION + 4 * chance.max()
    assert (cases.std(0) / deviation).mean() == pytest.approx(1, abs=0.06)
    assert (cases.std(0) / deviation) == pytest.approx(1, abs=0.2)


@every_prior
@every_kind
def test_the_residual_of_a_sample_is_the_noise(name, prior):
    """That of samples of the exact posterior, to 10 %. Of samples of the prior it is several times the noise."""
    _, _, _, exact, found = sampled(name, prior)
    assert np.mean(found) == pytest.approx(exact, rel=0.1)
    assert 0.6 < exact < 1.2


@every_prior
def test_the_factor_to_the_unit_of_the_source_is_that_of_the_mean_of_the_prior(prior):
    """The first estimate is that mean, and the factor by least squares is kept."""
    operator = Problem("thick_slices").operator
    image = MEAN + DEVIATION * np.random.default_rng(1).normal(size=operator.grid.voxels.shape)
    m, prepared = 40 * SCALE * operator.measure(image), preparation_of(**MR).prepare_source(operator.grid)
    known = Likelihood(operator, lambda _: m, 0 * m, NOISE, m.size, SCALE, 0.0, prepared, "RAS", None)
    exact = Prior(method(prior, DEVIATION), SlidingWindow(spatial_dims=2, batch=120), prepared)
    _, sampled = sample_posterior(exact, known)
    mean = operator.measure(np.full(image.shape, SCALE * MEAN))
    assert sampled.gain == pytest.approx(np.vdot(mean, m) / np.vdot(mean, mean), rel=0.005)


def test_without_noise_a_sample_agrees_with_its_source_and_the_unseen_part_differs():
    grid = Problem("thick_slices").operator.grid
    image = grid.like(SCALE * (MEAN + DEVIATION * np.random.default_rng(0).normal(size=grid.voxels.shape)))
    record = [{"name": "blur", "parameters": {"millimetres": 3.0}}]
    source = degrade_all(image, record, preparation_of(**MR).modality)
    settings = TranslatingSettings(posterior_sampling=0.0, samples=3)
    translator = translator_of(method("diffusion", DEVIATION), settings, **MR)
    made = translator.translate(source, measured=Measured(record))
    again = degrade_all(made.volume, record, made.modality)
    assert np.linalg.norm(again.voxels - source.voxels) < 0.01 * np.linalg.norm(source.voxels)
    assert made.sampled.residual < 0.01
    assert made.sampled.gain == 1
    plain = translator.translate(source)
    assert plain.sampled is None
    assert 0.01 * SCALE * DEVIATION < made.uncertainty.voxels.mean() < 0.9 * plain.uncertainty.voxels.mean()
    assert (translator.translate(source, measured=Measured(record)).volume.voxels == made.volume.voxels).all()


def test_damped_least_squares_are_those_of_the_matrix():
    operator, rng = Problem("thick_slices").operator, np.random.default_rng(0)
    m = operator.measure(rng.normal(size=(1, *operator.grid.shape)))
    matrix = operator.measure(np.eye(8)[:, None, None, :])[:, 0, 0].T
    exact = np.linalg.solve(matrix.T @ matrix + 0.3 * np.eye(8), matrix.T @ m[0, 2, 3])
    assert damped_least_squares(operator, m, 0.3)[0, 2, 3] == pytest.approx(exact, abs=1e-3)


POSTERIOR = TranslatingSettings(posterior_sampling=0.01)


@pytest.mark.parametrize("made", [Same(), method("rectified_flow", DEVIATION, start="source")], ids=["same", "bridge"])
def test_a_method_that_draws_nothing_is_refused(made):
    with pytest.raises(UsageError, match=r"needs images drawn from noise.*does not do.*or take diffusion"):
        translator_of(made, POSTERIOR, **MR)


def test_it_stands_in_place_of_data_consistency():
    with pytest.raises(UsageError, match="is set beside data_consistency"):
        translator_of(method("diffusion", DEVIATION), replace(POSTERIOR, data_consistency=0.0), **MR)


class Cubed(Linear):
    def restore(self, normalised):
        return normalised**3


def refused(kind, match, record=None, **changes):
    record = record or [{"name": "blur", "parameters": {"millimetres": 3.0}}]
    image = Volume(np.random.default_rng(0).uniform(0, SCALE, (1, 8, 8, 8)), np.eye(4))
    translator = translator_of(method("diffusion", DEVIATION), POSTERIOR, **{**MR, **changes})
    with pytest.raises(kind, match=match):
        translator.translate(image, measured=Measured(record), where="a")


def test_what_is_not_linear_is_refused_and_the_linear_ones_are_named():
    refused(UsageError, "degraded by gamma.*linear are aniso", [{"name": "gamma", "parameters": {"exponent": 1.2}}])


def test_networks_on_another_grid_are_refused():
    match = "has voxels of 1 × 1 × 1 mm and the networks of 2 × 2 × 2 mm, .* set translating.grid: model"
    refused(InputRefused, match, spacing=(2.0, 2.0, 2.0))


def test_a_normalisation_that_is_not_linear_is_refused():
    refused(UsageError, "normalisation of its target is not linear", target_normalisation=Cubed(low=0, high=1))
