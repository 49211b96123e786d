"""Prior of a posterior sampler: the estimates of a generative method for a whole volume, and how certain they are.

    y_t = s y + n ε,      ŷ = E[y | y_t, x],      C_t = Cov[y | y_t, x] = (n² / s) ∂ŷ/∂y_t

x is the source, y the target, s and n signal and noise of the level t; the equations are Tweedie's. C_t is never
formed: it is multiplied by an image, by automatic differentiation of the network, and its mean variance is that along
an image of random signs (Hutchinson 1990). Networks get windows; where these overlap, C_t is blended as the estimates
are. A network that is not the exact estimate may have a Jacobian that is no covariance, above all where s is small:
then C_t = r² I is taken, r² that of an image whose own variance is 1. Peng et al., ICML 2024,
https://arxiv.org/abs/2402.02149, compare choices of C_t.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from medtrans.core.method import NoiseLevel
from medtrans.preparing.preparation import Prepared
from medtrans.translating.sliding_window import SlidingWindow

LEAST_VARIANCE = 1e-4
"""Of the largest that is possible, n² / (s² + n²), that of normalised images, whose own is at most 1. A Jacobian that
gives a smaller or a larger one is no covariance."""


@dataclass(frozen=True, eq=False)
class Prior:
    """Images that a method draws for one prepared source. Arrays are normalised, (target channel, i, j, k)."""

    method: Any
    window: SlidingWindow
    prepared: Prepared

    def estimate(self, noisy: np.ndarray, level: NoiseLevel, signs: np.ndarray) -> tuple[np.ndarray, float]:
        """ŷ, and the mean variance r² of C_t in the body; `signs` are random, of the shape of the image."""
        estimate, turned = np.split(self._differentiated(noisy, signs, level), 2)
        found = level.noise**2 / level.signal * float((signs * turned)[:, self.prepared.mask].mean())
        most = _most(level)
        return estimate, found if LEAST_VARIANCE * most < found < most else most

    def covariance(self, noisy: np.ndarray, level: NoiseLevel, image: np.ndarray, variance: float) -> np.ndarray:
        """C_t times an image, no longer than the largest variance makes it; `variance` is r²."""
        most = _most(level)
        if variance == most:
            return image * np.float32(most)
        turned = np.split(self._differentiated(noisy, image, level), 2)[1] * np.float32(level.noise**2 / level.signal)
        longest, length = most * float(np.linalg.norm(image)), float(np.linalg.norm(turned))
        return turned * np.float32(min(longest / length, 1.0)) if length else turned

    def _differentiated(self, noisy: np.ndarray, image: np.ndarray, level: NoiseLevel) -> np.ndarray:
        """ŷ, and the transposed Jacobian of ŷ times the image, one after the other along the channels."""
        air = level.signal * self.window.target_background
        channels, source = len(noisy), self.method.task.source_channels

        def both(windows: Tensor) -> Tensor:
            x, shifted, other = windows.split([source, channels, channels], dim=1)
            with torch.inference_mode(mode=False), torch.enable_grad():
                y = (shifted + air).requires_grad_()
                estimate = self.method.denoise(y, x.clone(), level)
                [turned] = torch.autograd.grad(estimate, y, other.clone())
            return torch.cat([estimate.detach(), turned], dim=1)

        return replace(self.window, target_channels=2 * channels, target_background=0.0)(
            self.prepared.voxels,
            both,
            background=self.prepared.background,
            mask=self.prepared.mask,
            # Padded with 0, which is to be air.
            noise=np.concatenate([noisy - np.float32(air), image]),
        )


def _most(level: NoiseLevel) -> float:
    return level.noise**2 / (level.signal**2 + level.noise**2)
