"""Total variation: restoration by a known linear degradation without training, the classical baseline.

    min over y of ½ ‖A y - m‖² / ‖A‖² + λ Σ |∇y|          Rudin, Osher and Fatemi 1992; for CT Sidky and Pan 2008

A is the degradation, m what the source measures, ∇ the forward difference, relative to the smallest side of a voxel.
First-order primal-dual algorithm with σ τ (1 + ‖∇‖²) = 1: Chambolle and Pock 2011,
https://doi.org/10.1007/s10851-010-0251-1
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from medtrans.core.errors import UsageError
from medtrans.core.known_operator import KnownOperator
from medtrans.core.modality import Modality
from medtrans.core.volume import Volume
from medtrans.degradations._record import bright_end, known_operator
from medtrans.translating.data_consistency import Measured, measurements, not_linear

ITERATIONS = 200
REFRESH = 20
"""Iterations after which what the source lost, such as a phase, is taken from the image anew."""
POWER_STEPS = 15
WEIGHTS = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
"""From which λ is chosen, relative to the bright end of the source or 1000 HU."""


def total_variation(
    source: Volume, how: Measured, weight: float, modality: Modality, *, iterations: int = ITERATIONS, where: str = ""
) -> Volume:
    """The restored image on the grid of the source, float32, in its unit.

    Raises UsageError where the degradation is no single linear one, InputRefused where the source does not fit it.
    """
    operator = known_operator(how.record, source)
    if operator is None:
        raise UsageError(where or "source", *not_linear(how.record))
    measured = measurements(operator, source, how, modality, where or "source")
    zero, scale = modality.no_signal, 1000.0 if modality.name == "CT" else bright_end(source)
    voxels = minimise(operator, measured, source.voxels.astype(np.float64), zero, weight * scale, iterations)
    return source.like(voxels.astype(np.float32))


def choose_weight(
    pairs: Sequence[tuple[Volume, Volume]],
    how: Sequence[Measured],
    modality: Modality,
    weights: Sequence[float] = WEIGHTS,
    iterations: int = ITERATIONS,
) -> float:
    """The weight λ with the smallest squared error over (source, target) of training cases, never of test cases."""
    errors = {}
    for weight in weights:
        restored = [
            total_variation(source, one, weight, modality, iterations=iterations)
            for (source, _), one in zip(pairs, how, strict=True)
        ]
        errors[weight] = sum(
            float(((made.voxels - target.voxels) ** 2).mean() / (target.voxels - modality.no_signal).std() ** 2)
            for made, (_, target) in zip(restored, pairs, strict=True)
        )
    return min(errors, key=errors.__getitem__)


@dataclass(frozen=True)
class Gradient:
    """Forward differences (3, channel, i, j, k), 0 at the last voxel; shorter where voxels are longer."""

    steps: tuple[float, ...]
    """The smallest side of a voxel relative to each side."""

    @property
    def square_norm(self) -> float:
        """An upper bound."""
        return 4 * sum(step * step for step in self.steps)

    def __call__(self, voxels: np.ndarray) -> np.ndarray:
        out = np.zeros((3, *voxels.shape))
        for axis, step in enumerate(self.steps):
            ahead = np.moveaxis(out[axis], axis + 1, -1)
            ahead[..., :-1] = step * np.diff(np.moveaxis(voxels, axis + 1, -1), axis=-1)
        return out

    def transpose(self, field: np.ndarray) -> np.ndarray:
        """Minus the divergence."""
        out = np.zeros(field.shape[1:])
        for axis, step in enumerate(self.steps):
            into, part = np.moveaxis(out, axis + 1, -1), step * np.moveaxis(field[axis], axis + 1, -1)[..., :-1]
            into[..., 1:] += part
            into[..., :-1] -= part
        return out


def minimise(
    operator: KnownOperator,
    measured: Callable[[np.ndarray], np.ndarray],
    voxels: np.ndarray,
    zero: float,
    weight: float,
    iterations: int,
) -> np.ndarray:
    """The minimum, whose first estimate is `voxels`; `zero` is the value of no signal."""
    gradient = Gradient(tuple(min(operator.grid.spacing) / side for side in operator.grid.spacing))
    size = operator_norm(operator, voxels.shape)
    step = 1 / np.sqrt(1 + gradient.square_norm)
    nothing = operator.measure(np.full(voxels.shape, zero))
    image = ahead = voxels - zero
    p, q = np.zeros(nothing.shape, nothing.dtype), np.zeros((3, *voxels.shape))
    for number in range(iterations):
        if number % REFRESH == 0:
            m = (measured(image + zero) - nothing) / size
        p = (p + step * (operator.measure(ahead) / size - m)) / (1 + step)
        q = q + step * gradient(ahead)
        q /= np.maximum(1, np.sqrt((q * q).sum(0, keepdims=True)) / weight)
        before, image = image, image - step * (operator.adjoint(p) / size + gradient.transpose(q))
        ahead = 2 * image - before
    return image + zero


def operator_norm(operator: KnownOperator, shape: Sequence[int]) -> float:
    """‖A‖ by power iterations from noise, a little enlarged to be an upper bound."""
    x = np.random.default_rng(0).normal(size=shape)
    for _ in range(POWER_STEPS):
        x /= np.linalg.norm(x)
        x = operator.adjoint(operator.measure(x))
    return 1.02 * float(np.sqrt(np.linalg.norm(x)))
