"""OpenVINO: compiles a network for this processor, https://docs.openvino.ai. The extra `openvino`.

    translated(x) = method.translate(x)         up to rounding, for windows x of one shape

The method is traced on a small window, converted, and compiled for the shape of the real ones. Before it is used it is
compared with torch on a part of a real window, of other sides than the traced one. Nothing is written to disk.

OpenVINO's conversion tools report their use to their maker over the network, when they are imported and when they
convert, unless the package `openvino_telemetry` cannot be imported. So it cannot, while OpenVINO is; and the model is
read by the frontend alone, without these tools.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from medtrans.core.divisor import per_axis
from medtrans.core.errors import EnvironmentRefused, ModelRefused
from medtrans.models.engines._engine import (
    EngineUsed,
    InUnit,
    Network,
    Precision,
    Predict,
    central,
    differences,
    translation,
)
from medtrans.models.engines.torch import Torch
from medtrans.reading.memory import is_out_of_memory

TRACED, COMPARED = 32, 64
"""Voxels of a side of the window that is traced and of that which is compared, or the next multiple of the divisor."""
TOLERANCE = 2e-4
"""Largest difference in float32 as a share of the values of the reference, or of 1: of CT, 0.4 HU of 4096."""
KEPT = 4
"""Compiled networks that are kept, of shapes of windows and of conditions."""
TELEMETRY = "openvino_telemetry"
ADVICE = (
    "pip install 'medtrans[openvino]'; without internet: pip download openvino -d wheels where there is, "
    "then pip install --no-index --find-links wheels openvino here; or give --engine torch"
)


class NotConverted(Exception):
    """Why a method is not computed by OpenVINO."""


class OpenVINO:
    """`otherwise` computes what cannot be converted; without it that is an error."""

    def __init__(self, precision: Precision = "float32", otherwise: Torch | None = None) -> None:
        self.precision: Precision = precision
        self.otherwise = otherwise
        self._made: dict[object, tuple[_Compiled, EngineUsed] | str] = {}

    def ready(
        self, method: Any, conditions: Sequence[float], example: Tensor, in_unit: InUnit
    ) -> tuple[Predict, EngineUsed]:
        key = tuple(example.shape[1:]), tuple(conditions)  # A trace may keep the conditions as they were.
        if key not in self._made:
            if len(self._made) >= KEPT:
                self._made.clear()
            try:
                with same_signal_stack():
                    self._made[key] = self._make(method, conditions, example, in_unit)
            except NotConverted as reason:
                self._made[key] = str(reason)
        made = self._made[key]
        if isinstance(made, str):
            return self._in_torch(made, method, conditions, example, in_unit)
        return made

    def _in_torch(
        self, reason: str, method: Any, conditions: Sequence[float], example: Tensor, in_unit: InUnit
    ) -> tuple[Predict, EngineUsed]:
        if self.otherwise is None:
            raise ModelRefused("engine openvino", reason, "give --engine auto or torch")
        predict, used = self.otherwise.ready(method, conditions, example, in_unit)
        return predict, replace(used, reason=f"OpenVINO: {reason}")

    def _make(
        self, method: Any, conditions: Sequence[float], example: Tensor, in_unit: InUnit
    ) -> tuple[_Compiled, EngineUsed]:
        """Raises NotConverted."""
        if method.noise_channels:
            raise NotConverted("the model draws samples, whose many passes only torch computes")
        openvino, divisors = import_openvino(), per_axis(method.divisor, example.ndim - 2)
        traced_window = central(example, sides_near(example, divisors, TRACED))
        compared_window = central(example, sides_near(example, divisors, COMPARED))
        try:
            model = converted(openvino, method, traced_window, conditions)
            small = _Compiled(openvino, model, compared_window, self.precision)
            reference = translation(method, conditions)
            largest, mean = differences(small, reference, compared_window, in_unit)
            self._refuse_other_values(small, reference, compared_window)
            compiled = _Compiled(openvino, model, example, self.precision)
        except (RuntimeError, TypeError, ValueError, AttributeError, IndexError, SystemError, Warning) as reason:
            if is_out_of_memory(reason):
                raise
            first = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
            raise NotConverted(f"the network cannot be converted ({first[:200]})") from reason
        used = EngineUsed("openvino", openvino.__version__, compiled.precision)
        sides = tuple(compared_window.shape[2:])
        return compiled, replace(used, largest_difference=largest, mean_difference=mean, compared=sides)

    def _refuse_other_values(self, compiled: Predict, reference: Predict, window: Tensor) -> None:
        """Raises NotConverted where float32 gives other values than in torch."""
        if self.precision != "float32":
            return
        with torch.inference_mode():
            expected = reference(window).float()
        difference = float((compiled(window) - expected).abs().max())
        if not difference <= TOLERANCE * max(1.0, float(expected.abs().max())):
            raise NotConverted(f"the converted network gives other values, by {difference:.2g} of the normalised range")


class _Compiled:
    """A network compiled for windows of one shape, which are computed one by one."""

    def __init__(self, openvino: Any, model: Any, example: Tensor, precision: Precision) -> None:
        model.reshape([1, *example.shape[1:]])
        options = {
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,  # Of two processes that pin their threads, both take the first core.
        }
        self.network = openvino.Core().compile_model(model, "CPU", options)
        computed = str(self.network.get_property("INFERENCE_PRECISION_HINT"))
        self.precision = "bfloat16" if "bf" in computed else "float32"

    def __call__(self, windows: Tensor) -> Tensor:
        return torch.cat([torch.from_numpy(self.network(one.contiguous().numpy())[0]) for one in windows.split(1)])


class _SignalStack(ctypes.Structure):
    """stack_t of Linux, signal.h."""

    _fields_ = (("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@contextlib.contextmanager
def same_signal_stack() -> Iterator[None]:
    """The stack on which this thread handles signals stays.

    OpenVINO registers one of its own, and frees it with its last network: the next signal, such as Ctrl-C, would end
    the process with a segmentation fault.
    """
    if sys.platform != "linux":
        yield
        return
    before, sigaltstack = _SignalStack(), ctypes.CDLL(None).sigaltstack
    sigaltstack(None, ctypes.byref(before))
    try:
        yield
    finally:
        sigaltstack(ctypes.byref(before), None)


def import_openvino() -> Any:
    """The package, whose tools cannot import what reports their use. Raises EnvironmentRefused."""
    refuse_missing()
    if "openvino" in sys.modules or TELEMETRY in sys.modules:
        return importlib.import_module("openvino")
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("openvino")
    except (ImportError, OSError) as reason:
        raise EnvironmentRefused("engine openvino", f"cannot be loaded ({reason})", ADVICE) from reason
    finally:
        del sys.modules[TELEMETRY]


def refuse_missing() -> None:
    """Raises EnvironmentRefused where the extra is not installed."""
    if importlib.util.find_spec("openvino") is None:
        raise EnvironmentRefused("engine openvino", "needs the package openvino, which is not installed", ADVICE)


def converted(openvino: Any, method: Any, window: Tensor, conditions: Sequence[float]) -> Any:
    """OpenVINO's model of a method, traced on a window; its sides are free. Raises RuntimeError, as other errors."""
    decoder = importlib.import_module("openvino.frontend.pytorch.ts_decoder")
    with torch.no_grad():
        traced = torch.jit.trace(Network(method, conditions), window, check_trace=False)
        frontend = openvino.frontend.FrontEndManager().load_by_framework("pytorch")
        kept = decoder.TorchScriptPythonDecoder(traced)  # The frontend holds no reference to it.
        return frontend.convert(frontend.load(kept))


def sides_near(example: Tensor, divisors: Sequence[int], wanted: int) -> list[int]:
    """Sides of a part of a window: multiples of the divisors, `wanted` or a little more, or the whole."""
    sides = zip(example.shape[2:], divisors, strict=True)
    return [min(side, divisor * -(-wanted // divisor)) for side, divisor in sides]
