"""ONNX, https://onnx.ai: the network of a model as one file, for windows of any size that its divisor divides.

The extra `onnx`. It is written by torch's exporter that traces, since the newer one takes minutes where this takes
seconds; the check against torch covers both.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import torch
from torch import Tensor

from medtrans.exporting._conversion import refused_where_it_fails
from medtrans.models.engines import Network, Predict

OPSET = 17
"""Version of ONNX's operators: that of 2022, which today's runtimes read."""
SOURCE, TRANSLATED = "source", "translated"
"""Names of the input and the output."""


def write_onnx(network: Network, window: Tensor, path: Path) -> Path:
    """Write a network, traced on `window` (1, channel, *space). Raises ModelRefused."""
    free = {0: "batch", **{axis: f"side_{axis - 1}" for axis in range(2, window.ndim)}}
    what, advice = "the network cannot be written as ONNX", "give --to zip or monai-bundle"
    with refused_where_it_fails(path.stem, what, advice):
        torch.onnx.export(
            network, (window,), str(path), dynamo=False, opset_version=OPSET, input_names=[SOURCE],
            output_names=[TRANSLATED], dynamic_axes={SOURCE: free, TRANSLATED: free},
        )  # fmt: skip
    return path


def open_onnx(path: Path) -> Predict:
    """The network of a file as a function, computed by ONNX Runtime on the processor."""
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def predict(windows: Tensor) -> Tensor:
        return torch.from_numpy(session.run([TRANSLATED], {SOURCE: windows.contiguous().numpy()})[0])

    return predict
