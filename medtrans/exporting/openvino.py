"""OpenVINO IR, https://docs.openvino.ai: the network of a model as .xml and .bin in float32. The extra `openvino`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from medtrans.exporting._conversion import refused_where_it_fails
from medtrans.models.engines import Predict
from medtrans.models.engines.openvino import converted, import_openvino, same_signal_stack


def write_openvino(method: Any, conditions: Sequence[float], window: Tensor, path: Path) -> Path:
    """Write the network of a method, traced on `window` (1, channel, *space), as .xml, and its .bin beside it.

    Raises ModelRefused, EnvironmentRefused.
    """
    openvino = import_openvino()
    what, advice = "the network cannot be converted to OpenVINO", "give --to onnx, zip or monai-bundle"
    with refused_where_it_fails(path.stem, what, advice), same_signal_stack():
        model = converted(openvino, method, window, conditions)
        model.reshape([-1, window.shape[1], *[-1] * (window.ndim - 2)])
        openvino.serialize(model, str(path))
    return path


def open_openvino(path: Path) -> Predict:
    """The network of a file as a function, compiled for this processor in float32."""
    openvino = import_openvino()
    with same_signal_stack():
        options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
        network = openvino.Core().compile_model(str(path), "CPU", options)

    def predict(windows: Tensor) -> Tensor:
        return torch.from_numpy(network(windows.contiguous().numpy())[0].copy())

    return predict
