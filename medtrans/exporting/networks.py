"""Networks of a model in another format: one file for each member, traced, written, read back and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from medtrans.core.errors import ModelRefused
from medtrans.exporting.check import difference
from medtrans.exporting.description import describe_network, divisors
from medtrans.exporting.onnx import open_onnx, write_onnx
from medtrans.exporting.openvino import open_openvino, write_openvino
from medtrans.models.engines import Network
from medtrans.reading.storage import sha256
from medtrans.translating.translator import Translator

TRACED = 32
"""Voxels of a side of the window that is traced, or the next multiple of the divisor."""


def write_networks(
    members: Mapping[str, Translator], to: str, conditions: Mapping[str, float], folder: Path
) -> list[dict[str, Any]]:
    """Write the network of each member (name → model) as `to` into `folder`; returns their descriptions.

    Raises ModelRefused on one that draws samples, cannot be converted, or gives other values than torch.
    """
    return [_write_network(name, member, to, conditions, folder) for name, member in members.items()]


def _write_network(
    name: str, member: Translator, to: str, conditions: Mapping[str, float], folder: Path
) -> dict[str, Any]:
    method = member.method
    if method.noise_channels:
        what = "draws samples, in many passes of its network, which is no function of the source alone"
        raise ModelRefused(member.identity.name, what, "give --to zip or monai-bundle")
    values = member.preparation.conditions(conditions, member.identity.name)
    window = torch.rand((1, method.task.source_channels, *traced_sides(divisors(member))))
    if to == "onnx":
        written = write_onnx(Network(method, values), window, folder / f"{name}.onnx")
        predict, files = open_onnx(written), [written]
    else:
        written = write_openvino(method, values, window, folder / f"{name}.xml")
        predict, files = open_openvino(written), [written, written.with_suffix(".bin")]
    found = difference(member, conditions, predict)
    return describe_network(name, member, {file.name: sha256(file) for file in files}, conditions, found)


def traced_sides(each: Sequence[int]) -> tuple[int, ...]:
    """Multiples of the divisors, TRACED or a little more, and different, so that no axis is taken for another."""
    return tuple(
        divisor * (-(-TRACED // divisor) + (number if max(each) < TRACED else 0)) for number, divisor in enumerate(each)
    )
