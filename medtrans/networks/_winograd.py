"""Convolutions 3 wide with a quarter of the multiplications, by Winograd's minimal filtering.

    y = A [ (G w) · (B x) ]        along every axis; the dot multiplies place by place and sums over channels

A product of polynomials is known from its values at a few points. So four outputs cost 6 multiplications along an axis
in place of 12: a quarter in 2D, an eighth in 3D. Lavin & Gray, CVPR 2016, https://arxiv.org/abs/1509.09308, section 4
(F(4, 3)) take the points 0, ±1, ±2; at 0, ±3/4, ±3/2 the rounding error in float32 is half theirs: 1e-6 of an output
(root mean square, 256 channels in 2D), where the direct sum has 0.6e-6.
"""

from __future__ import annotations

from functools import cache, reduce
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

POINTS = (0.0, 0.75, -0.75, 1.5, -1.5)
"""And infinity."""
OUTPUTS, TAPS, WINDOW = 4, 3, 6
"""Along an axis: of a tile, of the weights, and of the input that a tile sees."""
FEWEST_CHANNELS, FEWEST_TILES = {2: 128, 3: 64}, 48
"""With fewer, moving tiles and weights about costs more than the multiplications saved. By dimensions of space."""


def pays(x: Tensor, weight: Tensor) -> bool:
    """Whether `convolve` is quicker than torch: on a processor, in full precision, with enough channels and tiles."""
    full = x.dtype in (torch.float32, torch.float64) and not torch.is_autocast_enabled("cpu")
    (out, into), sides = weight.shape[:2], x.shape[2:]
    many = out * into >= FEWEST_CHANNELS[len(sides)] ** 2
    return many and full and x.device.type == "cpu" and len(x) * prod(side / OUTPUTS for side in sides) >= FEWEST_TILES


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """(batch, in, *space) and weights (out, in, 3, …) to (batch, out, *space less 2), channels last in memory."""
    sides = [side - TAPS + 1 for side in x.shape[2:]]
    missing = [-side % OUTPUTS for side in sides]
    if any(missing):
        x = pad(x, [count for side in reversed(missing) for count in (0, side)])
    y = _Convolution.apply(x, weight, bias)
    for axis, side in enumerate(sides, 2):
        y = y.narrow(axis, 0, side)
    return y


class _Convolution(torch.autograd.Function):
    """Sides must be whole tiles. Keeps nothing for the way back but what it was given."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        products = torch.bmm(_of_input(x), _of_weights(weight).mT)
        y = _joined(_matrix("A", x) @ products.flatten(1), x, len(weight))
        return (y if bias is None else y.add_(bias)).movedim(-1, 1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        grad = grad.movedim(1, -1)
        products = (_matrix("A", x).T @ _parted(grad)).unflatten(1, (-1, len(weight)))
        to_x = to_weight = to_bias = None
        if ctx.needs_input_grad[0]:
            to_x = _overlapped(_matrix("B", x).T @ torch.bmm(products, _of_weights(weight)).flatten(1), x)
        if ctx.needs_input_grad[1]:
            taps = _matrix("G", x).T @ torch.bmm(products.mT, _of_input(x)).flatten(1)
            to_weight = taps.T.reshape(weight.shape)
        if ctx.needs_input_grad[2]:
            to_bias = grad.flatten(0, -2).sum(0)
        return to_x, to_weight, to_bias


def _of_input(x: Tensor) -> Tensor:
    """B x: (multiplications, tiles, in)."""
    windows = x.movedim(1, -1)
    for axis in range(1, x.ndim - 1):
        windows = windows.unfold(axis, WINDOW, OUTPUTS)
    windows = windows.permute(*range(x.ndim, windows.ndim), *range(x.ndim))
    return (_matrix("B", x) @ windows.reshape(WINDOW ** (x.ndim - 2), -1)).unflatten(1, (-1, x.shape[1]))


def _of_weights(weight: Tensor) -> Tensor:
    """G w: (multiplications, out, in)."""
    return (_matrix("G", weight) @ weight.flatten(2).flatten(0, 1).T).view(-1, *weight.shape[:2])


def _tiles(x: Tensor) -> list[int]:
    return [side // OUTPUTS for side in x.shape[2:]]


def _joined(tiles: Tensor, x: Tensor, channels: int) -> Tensor:
    """(places in a tile, tiles × out) to (batch, *space, out)."""
    dims = x.ndim - 2
    apart = tiles.view(*[OUTPUTS] * dims, len(x), *_tiles(x), channels)
    order = [dims, *[axis for k in range(dims) for axis in (dims + 1 + k, k)], 2 * dims + 1]
    return apart.permute(order).reshape(len(x), *[OUTPUTS * count for count in _tiles(x)], channels)


def _parted(y: Tensor) -> Tensor:
    """The inverse of `_joined`."""
    dims = y.ndim - 2
    for axis in reversed(range(1, y.ndim - 1)):
        y = y.unflatten(axis, (-1, OUTPUTS))
    order = [*range(2, 2 * dims + 1, 2), 0, *range(1, 2 * dims + 1, 2), 2 * dims + 1]
    return y.permute(order).reshape(OUTPUTS**dims, -1)


def _overlapped(windows: Tensor, x: Tensor) -> Tensor:
    """(places in a window, tiles × in) summed where they lay in x."""
    dims = x.ndim - 2
    summed = windows.view(*[WINDOW] * dims, len(x), *_tiles(x), x.shape[1])
    for axis in reversed(range(2, x.ndim)):
        parts, across = summed.unbind(axis - 2), 2 * axis - 3
        count = parts[0].shape[across]
        summed = parts[0].new_zeros([*parts[0].shape[:across], x.shape[axis], *parts[0].shape[across + 1 :]])
        for place, part in enumerate(parts):
            lay = [slice(None)] * across + [slice(place, place + OUTPUTS * count, OUTPUTS)]
            summed[tuple(lay)] += part
    return summed.movedim(-1, 1)


@cache
def _along_one_axis(name: str) -> Any:
    """Column k of A and row k of G hold powers of point k; row k of B, the polynomial that is 0 at the other points."""
    if name == "A":
        return np.array([[*(p**power for p in POINTS), power == OUTPUTS - 1] for power in range(OUTPUTS)], float)
    others = [[q for q in POINTS if q != p] for p in POINTS]
    if name == "G":
        scales = [prod(p - q for q in rest) for p, rest in zip(POINTS, others, strict=True)]
        rows = [[p**power / scale for power in range(TAPS)] for p, scale in zip(POINTS, scales, strict=True)]
        return np.array([*rows, [0, 0, 1]])
    return np.array([*([*np.poly(rest)[::-1], 0] for rest in others), np.poly(POINTS)[::-1]])


def _matrix(name: str, like: Tensor) -> Tensor:
    """A, G or B for all axes at once, in the numbers of `like`."""
    return _every_axis(name, like.ndim - 2, like.dtype)


@cache
def _every_axis(name: str, dims: int, dtype: torch.dtype) -> Tensor:
    return torch.from_numpy(reduce(np.kron, [_along_one_axis(name)] * dims)).to(dtype)
