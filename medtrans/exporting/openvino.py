"""OpenVINO IR, https://docs.openvino.ai: the network of a model as .xml and .bin in float32. The extra `openvino`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from medtrans.core.errors import ModelRefused
from medtrans.models.engines import Predict
from medtrans.models.engines.openvino import converted, import_openvino, same_signal_stack
from medtrans.reading.memory import is_out_of_memory


def write_openvino(method: Any, conditions: Sequence[float], window: Tensor, path: Path) -> Path:
    """Write the network of a method, traced on `window` (1, channel, *space), as .xml, and its .bin beside it.

    Raises ModelRefused, EnvironmentRefused.
    """
    openvino = import_openvino()
    try:
        with same_signal_stack():
            model = converted(openvino, method, window, conditions)
            model.reshape([-1, window.shape[1], *[-1] * (window.ndim - 2)])
            openvino.serialize(model, str(path))
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError) as reason:
        if is_out_of_memory(reason):
            raise
        first = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
        what = f"the network cannot be converted to OpenVINO ({first[:200]})"
        raise ModelRefused(path.stem, what, "give --to onnx, zip or monai-bundle") from reason
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
