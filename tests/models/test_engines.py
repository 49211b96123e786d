"""Laws of engines: the same windows, the same values as torch, or a sentence that says why not."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from medtrans.core.errors import EnvironmentRefused, ModelRefused, UsageError
from medtrans.core.method import Task
from medtrans.methods import load, names
from medtrans.models.engines import OpenVINO, Torch, find_engine
from medtrans.models.engines import openvino as openvino_engine
from tests.methods.tiny import SIDE, tiny
from tests.translating.stand_ins import Convolved, Fake

pytestmark = pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
"""The command line hides it, too: what a trace does not keep is found by comparison."""
CPU = torch.device("cpu")
HERE = pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="the extra openvino is not installed")
RANGE = 4096.0
"""HU from the lowest to the highest value of a CT, whose normalised values are -1 to 1."""
TRANSLATING = [name for name in names() if hasattr(load(name), "translate")]
NETWORKS = {
    "unet": {"name": "unet", "channels": [4, 8, 8]},
    "unet with batch norm": {"name": "unet", "channels": [4, 8, 8], "norm": "batch"},
    "unet with instance norm": {"name": "unet", "channels": [4, 8, 8], "norm": "instance"},
    "residual encoder": {"name": "residual_unet", "filters": 8, "blocks": [1, 1, 1]},
    "residual encoder of nnU-Net": {"name": "residual_encoder_unet", "channels": [4, 8, 8], "blocks": [1, 2, 1]},
    "resnet": {"name": "resnet", "filters": 4, "blocks": 1},
}
SIDES = {2: (48, 80), 3: (32, 48, 32)}


def to_hu(normalised):
    return normalised * (RANGE / 2)


def window_of(channels, sides, seed=0):
    return torch.randn((2, channels, *sides), generator=torch.Generator().manual_seed(seed))


def answers(engine, method, window, conditions=()):
    predict, used = engine.ready(method, conditions, window[:1], to_hu)
    with torch.inference_mode():
        return to_hu(predict(window).float().numpy()), used


def regression(network, dims, channels=1, conditions=0):
    kind = load("regression")
    task = Task(spatial_dims=dims, source_channels=channels, conditions=conditions)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return kind(task, kind.Settings.from_dict({"generator": network})).eval()


@HERE
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize(("dims", "channels"), [(2, 1), (2, 5), (3, 1)], ids=["2D", "2.5D", "3D"])
def test_openvino_gives_the_hu_of_torch(network, dims, channels):
    method, window = regression(network, dims, channels), window_of(channels, SIDES[dims])
    expected, _ = answers(Torch(), method, window)
    given, used = answers(OpenVINO(), method, window)
    assert used.name == "openvino", used.reason
    assert np.abs(given - expected).max() < 1.0
    assert used.largest_difference < 1.0
    assert expected.std() > 1.0, "a network that gives one value would agree with anything"


@HERE
@pytest.mark.parametrize("name", TRANSLATING)
def test_every_method_is_computed_alike_or_says_why_it_is_not(name):
    method = tiny(name, 2).eval()
    task = method.task
    window = window_of(task.source_channels + method.noise_channels, (SIDE, SIDE))
    conditions = (1.0,) * task.conditions
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        given, used = answers(OpenVINO(otherwise=Torch()), method, window, conditions)
        torch.manual_seed(0)
        expected, _ = answers(Torch(), method, window, conditions)
    assert np.abs(given - expected).max() < 1.0
    if method.noise_channels:
        assert "draws samples" in used.reason
    assert (used.name == "openvino") == (not used.reason)


@HERE
def test_conditions_may_change_from_case_to_case():
    method, window, engine = regression(NETWORKS["unet"], 2, conditions=1), window_of(1, SIDES[2]), OpenVINO()
    for condition in (0.0, 3.0):
        expected, _ = answers(Torch(), method, window, (condition,))
        given, _ = answers(engine, method, window, (condition,))
        assert np.abs(given - expected).max() < 1.0


class Shifting(Fake):
    """Depends on values in a way that a trace does not keep."""

    def translate(self, source, condition=None):
        return source + float(source.detach().mean())


@HERE
def test_a_network_that_a_trace_does_not_keep_is_left_to_torch():
    window = window_of(1, (64, 64)) + 5
    window[:, :, 20:40, 20:40] += 100
    _, used = answers(OpenVINO(otherwise=Torch()), Shifting(), window)
    assert (used.name, used.largest_difference) == ("torch", None)
    assert "other values" in used.reason
    with pytest.raises(ModelRefused, match="other values"):
        answers(OpenVINO(), Shifting(), window)


@pytest.mark.parametrize("engine", ["torch", pytest.param("openvino", marks=HERE)])
def test_bfloat16_says_how_far_it_is_from_float32(engine):
    method, window = Convolved(dims=2), window_of(1, (64, 64))
    expected, _ = answers(Torch(), method, window)
    given, used = answers(find_engine(engine, "bfloat16", CPU), method, window)
    assert used.compared == (64, 64)
    assert used.largest_difference == pytest.approx(np.abs(given - expected)[:1].max(), rel=1e-3, abs=1e-3)
    assert used.mean_difference > 0 or used.precision == "float32"


def test_what_is_no_engine_here_is_refused(monkeypatch):
    with pytest.raises(UsageError, match="openvino"):
        find_engine("openvin", "float32", CPU)
    with pytest.raises(UsageError, match="bfloat16"):
        find_engine("torch", "bfloat", CPU)
    with pytest.raises(UsageError, match="processor"):
        find_engine("openvino", "float32", torch.device("meta"))
    monkeypatch.setattr(openvino_engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentRefused, match=r"medtrans\[openvino\].*--no-index"):
        find_engine("openvino", "float32", CPU)
    auto = find_engine("auto", "float32", CPU)
    _, used = answers(auto, Convolved(dims=2), window_of(1, (16, 16)))
    assert (used.name, used.reason) == ("torch", "OpenVINO is not installed (extra openvino)")


@HERE
def test_nothing_is_reported_over_the_network(tmp_path):
    """OpenVINO's tools write an identity into the folder `intel` of the home folder, and open a connection."""
    script = """
import socket, sys, torch
def refuse(*_, **__): raise AssertionError("a connection")
socket.socket = socket.create_connection = socket.getaddrinfo = refuse
from medtrans.models.engines import OpenVINO
from tests.translating.stand_ins import Convolved
window = torch.ones(1, 1, 32, 32)
predict, used = OpenVINO().ready(Convolved(dims=2), (), window, lambda x: x)
predict(window)
print(used.name, [name for name in sys.modules if "telemetry" in name and sys.modules[name] and "ovc" not in name])
"""
    environment = {**os.environ, "HOME": str(tmp_path), "CI": ""}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert done.stdout == "openvino []\n", done.stdout + done.stderr
    assert list(tmp_path.glob("[iI]ntel*")) == []


def test_torch_is_used_without_loading_openvino():
    script = "import sys, medtrans.translating.translator; print('openvino' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


@HERE
@pytest.mark.skipif(sys.platform != "linux", reason="signal stacks of Linux")
def test_a_signal_after_the_last_network_is_gone_does_not_end_the_process():
    """OpenVINO registers a signal stack and frees it with its last network."""
    script = """
import gc, signal, torch
from medtrans.models.engines import OpenVINO
from tests.translating.stand_ins import Convolved
engine = OpenVINO()
predict, used = engine.ready(Convolved(dims=2), (), torch.ones(1, 1, 32, 32), lambda x: x)
predict(torch.ones(1, 1, 32, 32))
del engine, predict
gc.collect()
signal.signal(signal.SIGINT, lambda *_: print(used.name, "stopped"))
signal.raise_signal(signal.SIGINT)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "openvino stopped\n", (done.returncode, done.stderr)
