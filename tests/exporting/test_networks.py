import importlib.util
import json

import numpy as np
import pytest
import torch

from medtrans.core.errors import ModelRefused, UsageError
from medtrans.exporting.check import difference
from medtrans.exporting.onnx import open_onnx
from medtrans.models.engines import Network
from medtrans.models.folder import save_model
from medtrans.stages.export import export
from medtrans.translating.translator import Translator
from tests.exporting.conftest import save_tiny
from tests.methods.tiny import tiny
from tests.translating.stand_ins import preparation_of

pytestmark = [
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
    pytest.mark.filterwarnings("ignore:.*legacy TorchScript-based ONNX:DeprecationWarning"),
]


def needs(*packages):
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


FORMATS = [
    pytest.param("onnx", marks=needs("onnx", "onnxruntime")),
    pytest.param("openvino", marks=needs("openvino")),
]


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("dims", [2, 3])
def test_an_exported_network_gives_the_hu_of_torch(to, dims, tmp_path):
    model = save_tiny(tmp_path / "tiny", spatial_dims=dims, patch=(16,) * dims)
    result = export(model, to, tmp_path / "out")
    [network] = result.networks
    found = network["difference_from_torch"]
    assert found["largest"] < found["limit"] == 1.0
    assert found["unit"] == "HU"
    assert found["voxels"] > 100
    assert set(network["files"]) == {path.name for path in (tmp_path / "out").iterdir()} - {"export.json"}
    written = json.loads((tmp_path / "out/export.json").read_text())
    assert written["networks"] == [json.loads(json.dumps(network))]


@needs("onnx", "onnxruntime")
def test_an_onnx_file_takes_windows_of_other_sizes_and_several_at_once(model, tmp_path):
    export(model, "onnx", tmp_path / "out")
    method = Translator.load(model, "cpu").method
    windows = torch.rand((3, 1, 48, 80), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = Network(method, ())(windows)
    assert expected.std() > 1e-3
    assert torch.allclose(open_onnx(tmp_path / "out/tiny.onnx")(windows), expected, atol=1e-5)


def test_a_network_that_gives_other_values_is_refused(model):
    member = Translator.load(model, "cpu")
    network = Network(member.method, ())
    assert difference(member, {}, network).largest == 0
    with pytest.raises(ModelRefused, match="where 1 is allowed"):
        difference(member, {}, lambda windows: network(windows) + 2 / 4095 * 1.1)


@pytest.mark.parametrize("to", FORMATS)
def test_what_is_refused_leaves_nothing(to, model, tmp_path, monkeypatch):
    def refuse(*_):
        raise ModelRefused("tiny", "gives other values")

    monkeypatch.setattr("medtrans.exporting.networks.difference", refuse)
    with pytest.raises(ModelRefused):
        export(model, to, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_a_model_that_draws_samples_is_no_single_network(tmp_path, monkeypatch):
    monkeypatch.setattr("medtrans.stages.export.refuse_missing", lambda _: None)
    save_model(tmp_path / "drawn", tiny("rectified_flow"), preparation_of(patch=(16, 16)), {})
    with pytest.raises(ModelRefused, match="draws samples"):
        export(tmp_path / "drawn", "onnx", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_condition_is_refused(model, tmp_path):
    with pytest.raises(UsageError, match="takes none"):
        export(model, "zip", tmp_path / "out.zip", conditions={"age": 3.0})


def test_every_format_of_the_command_is_one_of_the_stage():
    from medtrans.cli.export import ExportFormat
    from medtrans.exporting.formats import PACKAGES

    assert {each.value for each in ExportFormat} == set(PACKAGES)
    assert np.all([PACKAGES["zip"] == (), PACKAGES["monai-bundle"] == ()])
