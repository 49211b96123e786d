import hashlib
import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save, save_file

from medtrans.core.errors import ModelRefused
from medtrans.core.sealed_json import seal
from medtrans.methods import load
from medtrans.models.config import NEW_WEIGHTS, model_hash
from medtrans.models.folder import load_model, save_model
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.translator import Translator
from tests.methods.tiny import tiny
from tests.translating.stand_ins import preparation_of, tiny_regression

CARD = {
    "name": "t1-to-ct",
    "source": "T1-weighted MR",
    "target": "CT in HU",
    "data": {"subjects": 12, "cases": 14},
    "scores": {"mae": 71.25},
    "limits": ["Heads only."],
    "recipe_sha256": "f00d",
}


@pytest.fixture
def folder(tmp_path):
    preparation = preparation_of(slices=3)
    settings = TranslatingSettings(overlap=0.25)
    save_model(tmp_path / "model", tiny_regression(preparation), preparation, CARD, translating=settings)
    return tmp_path / "model"


def change(folder, **changes):
    """Write other values with the checksum that fits them, as somebody does who means it."""
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_bytes(seal({**config, **changes}))


def change_preparation(folder, **changes):
    change(folder, preparation={**json.loads((folder / "config.json").read_text())["preparation"], **changes})


def point_to(folder, data):
    """Replace the weights by `data`, and their hash in config.json."""
    (folder / "model.safetensors").write_bytes(data)
    change(folder, weights={"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)})


def test_what_was_saved_translates_as_before(folder):
    before = tiny_regression(preparation_of(slices=3)).eval()
    method, preparation, config = load_model(folder)
    source = torch.linspace(-1, 1, 3 * 64).reshape(1, 3, 8, 8)
    assert torch.equal(method.translate(source), before.translate(source))
    assert not method.training
    assert preparation.to_dict() == preparation_of(slices=3).to_dict()
    assert config["translating"]["overlap"] == 0.25
    assert config["card"] == CARD
    assert config["gate"] is None
    assert config["calibration"] is None
    assert (config["preparation"]["source_modality"], config["preparation"]["target_modality"]) == ("CT", "CT")


def test_what_the_preparation_learned_comes_back_exactly(tmp_path):
    learned = preparation_of(target_normalisation=Percentiles(typical_range=(0.1 + 0.2, 1e-17)))
    save_model(tmp_path / "m", tiny_regression(learned), learned, {})
    assert load_model(tmp_path / "m")[1].settings.target_normalisation.typical_range == (0.1 + 0.2, 1e-17)


def test_loading_leaves_the_global_random_state_untouched(folder):
    torch.manual_seed(5)
    expected = torch.rand(())
    torch.manual_seed(5)
    load_model(folder)
    assert torch.rand(()) == expected


def test_every_method_is_saved_and_loaded_and_its_training_pool_is_not(tmp_path):
    preparation = preparation_of()
    for name in ("regression", "pix2pix", "cyclegan"):
        kind = load(name)
        tiny = {"generator": {"name": "resnet", "filters": 4, "blocks": 1}}
        if name != "regression":
            tiny["discriminator"] = {"name": "patch_discriminator", "filters": 4, "layers": 1}
        method = kind(preparation.task(1, 1), kind.Settings.from_dict(tiny)).eval()
        save_model(tmp_path / name, method, preparation, {})
        source = torch.zeros(1, 1, 16, 16)
        with torch.no_grad():
            assert torch.equal(load_model(tmp_path / name)[0].translate(source), method.translate(source))


def test_the_card_holds_what_a_reader_must_know(folder):
    text = (folder / "MODEL_CARD.md").read_text()
    for fact in (
        "# t1-to-ct",
        "SYNTHETIC",
        "T1-weighted MR",
        "CT in HU",
        "subjects: 12",
        "mae: 71.25",
        "modalities: CT to CT",
        "linear out",
        "Heads only.",
    ):
        assert fact in text
    assert model_hash(folder) != ""
    assert json.loads((folder / "config.json").read_text())["weights"]["sha256"] in text


def test_the_hash_of_a_model_changes_with_its_weights_and_its_preparation(tmp_path):
    hashes = set()
    for seed, slices in ((0, 1), (1, 1), (0, 3)):
        preparation = preparation_of(slices=slices)
        save_model(tmp_path / "m", tiny_regression(preparation, seed), preparation, {})
        hashes.add(model_hash(tmp_path / "m"))
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "config.json").unlink(), "it has no config.json"),
        (lambda f: (f / "model.safetensors").unlink(), "has no model.safetensors"),
        (lambda f: (f / "config.json").write_text("{"), "is not JSON"),
        (lambda f: (f / "config.json").write_text("[]"), "is not the description of a medtrans model"),
        (lambda f: (f / "config.json").write_text('{"model_type": "bert"}'), "is not the description of a medtrans"),
        (lambda f: change(f, format=9, medtrans="9.0"), "is of format 9, made by medtrans 9.0.*; update medtrans"),
        (
            lambda f: change(f, format=1, medtrans="0.0.9"),
            "is of format 1, made by medtrans 0.0.9, without what format .* holds; train the model again",
        ),
        (lambda f: change(f, gate={"limit": 3}), "holds a gate, which medtrans .* cannot apply; update medtrans"),
        (lambda f: change(f, calibration=[1.2]), "holds a calibration, which medtrans .* cannot apply"),
        (lambda f: change_preparation(f, target_modality=None), "is not a modality|does not describe a model"),
        (lambda f: change_preparation(f, target_modality="MRI"), "'MRI' is not a modality"),
        (lambda f: change(f, method={"name": "regresion"}), "nothing is named 'regresion'; did you mean 'regression'"),
        (lambda f: change(f, method={"name": "regression", "l1": 1}), "no setting named 'l1'"),
        (lambda f: change(f, method="regression"), "does not describe a model"),
        (lambda f: change(f, task={"spatial_dims": 4}), r"task\.spatial_dims: invalid value 4; choose from: 2, 3"),
        (lambda f: change_preparation(f, slice=3), "no setting named 'slice'; did you mean 'slices'"),
        (lambda f: change(f, preparation={"slices": 3}), "source_modality is missing"),
        (lambda f: change(f, preparation=3), "does not describe a model"),
        (lambda f: change(f, task={"spatial_dims": 2, "source_channels": 5}), r"first.0.weight is .* needs float32"),
        (
            lambda f: change(f, method={"name": "regression", "generator": {"name": "unet", "channels": [4, 4]}}),
            "holds G.*, unknown to the method",
        ),
        (lambda f: change(f, method={"name": "regression"}), "describes a network of .* bytes, and its weights have"),
        (lambda f: (f / "model.safetensors").write_bytes(b"cut"), "is not the file that config.json names"),
        (lambda f: point_to(f, b"cut"), "is not safetensors"),
        (lambda f: point_to(f, pickle.dumps({"a": 1})), "is not safetensors .*a pickle is code"),
    ],
)
def test_whatever_is_wrong_with_a_folder_is_refused_in_one_sentence(folder, spoil, message):
    spoil(folder)
    with pytest.raises(ModelRefused, match=message) as refused:
        load_model(folder)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_flipped_bit_anywhere_is_refused_or_changes_nothing(folder, name):
    original = (folder / name).read_bytes()
    expected = load_model(folder)[2]
    rng = np.random.default_rng(0)
    messages = []
    for position in rng.choice(len(original), 60, replace=False):
        data = bytearray(original)
        data[position] ^= 1 << int(rng.integers(8))
        (folder / name).write_bytes(data)
        try:
            assert load_model(folder)[2] == expected
        except ModelRefused as refused:
            messages.append(str(refused))
    assert len(messages) > 30
    assert not any("\n" in message for message in messages)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: change(f, translating={"overlap": -5}), r"translating\.overlap: invalid value -5"),
        (lambda f: change(f, translating={"batch": 0}), r"translating\.batch: invalid value 0; give at least 1"),
        (lambda f: change(f, translating={"window": [-1, 8]}), r"translating\.window"),
        (lambda f: change_preparation(f, plane="up"), r"preparation\.plane: invalid value 'up'; choose from: axial"),
        (lambda f: change_preparation(f, slices=5.0), r"preparation\.slices: invalid value 5\.0; give a whole number"),
        (lambda f: change_preparation(f, spacing=[1, 1]), r"preparation\.spacing: .*give a list of 3 values"),
        (
            lambda f: change(
                f, method={"name": "regression", "generator": {"name": "unet", "channels": [1] * 1000000}}
            ),
            r"channels: has 1000000 numbers; give at most 64|bytes, but at most",
        ),
        (
            lambda f: change(f, method={"name": "regression", "generator": {"name": "unet", "channels": [10**6] * 4}}),
            "describes a network of",
        ),
        (lambda f: (f / "config.json").write_text("[" * 100000), "is nested too deeply"),
        (lambda f: (f / "config.json").write_text('{"format": ' + "9" * 5000 + "}"), "is not JSON"),
        (lambda f: (f / "config.json").write_text('{"format": NaN}'), "NaN, which is not a finite number"),
        (lambda f: (f / "config.json").write_text('{"low": 1e999}'), "1e999, which is not a finite number"),
        (lambda f: (f / "config.json").write_text('{"a": 1, "a": 2}'), "the key 'a' twice"),
    ],
)
def test_values_out_of_bounds_are_refused_in_one_sentence_and_a_second(folder, spoil, message):
    spoil(folder)
    began = time.process_time()
    with pytest.raises(ModelRefused, match=message) as refused:
        Translator.load(folder, device="cpu")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500
    assert time.process_time() - began < 1


def test_one_flipped_bit_in_the_weights_is_refused(folder):
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-3] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelRefused, match="its hash differs"):
        load_model(folder)


def test_weights_that_are_not_finite_are_refused(folder):
    tensors = load_file(folder / "model.safetensors")
    name = next(iter(tensors))
    tensors[name] = torch.full_like(tensors[name], np.nan)
    point_to(folder, save(tensors))
    with pytest.raises(ModelRefused, match="not finite"):
        load_model(folder)


def test_a_pickle_is_never_opened(tmp_path):
    class Code:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "opened"),)

    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "model.pt").write_bytes(pickle.dumps(Code()))
    with pytest.raises(ModelRefused, match=r"model.pt is not opened, for a pickle is code"):
        load_model(tmp_path / "net")
    assert not (tmp_path / "opened").exists()


def test_the_folder_of_a_run_leads_to_its_model(folder):
    with pytest.raises(ModelRefused, match=r"did you mean .*model"):
        load_model(folder.parent)
    with pytest.raises(ModelRefused, match="there is no such folder"):
        load_model(folder / "nowhere")


def test_a_save_cut_short_leaves_the_old_model_or_the_new(folder, tmp_path):
    old, new = (tiny_regression(preparation_of(slices=3), seed) for seed in (0, 1))
    save_model(tmp_path / "new", new, preparation_of(slices=3), {})
    weights, config = (tmp_path / "new" / "model.safetensors").read_bytes(), (tmp_path / "new" / "config.json")

    def first_weight():
        return next(load_model(folder)[0].parameters())

    (folder / NEW_WEIGHTS).write_bytes(weights[: len(weights) // 2])
    assert torch.equal(first_weight(), next(old.parameters()))
    (folder / NEW_WEIGHTS).write_bytes(weights)
    assert torch.equal(first_weight(), next(old.parameters()))
    (folder / "config.json").write_bytes(config.read_bytes())
    assert torch.equal(first_weight(), next(new.parameters()))


def test_a_save_killed_anywhere_leaves_a_model_that_loads(tmp_path):
    script = tmp_path / "saving.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys
            from stand_ins import preparation_of, tiny_regression
            from medtrans.models.folder import save_model

            preparation = preparation_of()
            methods = [tiny_regression(preparation, seed) for seed in (0, 1)]
            save_model(sys.argv[1], methods[0], preparation, {})
            print("saved", flush=True)
            while True:
                for method in methods:
                    save_model(sys.argv[1], method, preparation, {})
            """
        )
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent / "translating")}
    child = subprocess.Popen([sys.executable, script, tmp_path / "m"], stdout=subprocess.PIPE, env=environment)
    assert child.stdout.readline() == b"saved\n"
    for _ in range(15):
        child.send_signal(signal.SIGSTOP)
        load_model(tmp_path / "m")
        child.send_signal(signal.SIGCONT)
    child.kill()
    child.communicate()
    load_model(tmp_path / "m")


def test_a_file_of_other_tensors_is_refused_by_name(folder):
    save_file({"somebody.elses": torch.zeros(2)}, folder / "other.safetensors")
    point_to(folder, (folder / "other.safetensors").read_bytes())
    with pytest.raises(ModelRefused, match="lacks G"):
        load_model(folder)


def test_a_frozen_method_is_saved_with_the_one_that_uses_it_and_is_never_trained(tmp_path):
    method = tiny("latent_diffusion")
    method.train()
    assert method.training
    assert not any(module.training for module in method.autoencoder.modules())
    assert not any(weight.requires_grad for weight in method.autoencoder.parameters())
    with torch.no_grad():
        next(method.autoencoder.parameters()).fill_(0.25)
    save_model(tmp_path / "model", method, preparation_of(), CARD)
    loaded, _, _ = load_model(tmp_path / "model")
    x = torch.randn(1, 1, 16, 16)
    assert torch.equal(loaded.autoencoder.translate(x), method.eval().autoencoder.translate(x))
    assert (next(loaded.autoencoder.parameters()) == 0.25).all()


def test_a_window_that_is_no_size_for_the_model_is_refused_before_a_volume_is_read(folder):
    config = json.loads((folder / "config.json").read_text())
    change(folder, translating={**config["translating"], "window": [8, 8, 8]})
    with pytest.raises(ModelRefused, match=r"translating\.window: \[8, 8, 8\] is no size in 2D"):
        Translator.load(folder, device="cpu")


@pytest.mark.parametrize("changes", [{"translating": {"overlp": 0.5}}, {"translating": 3}, {"card": "none"}])
def test_a_model_with_damaged_settings_or_card_is_refused_by_the_translator(folder, changes):
    change(folder, **changes)
    with pytest.raises(ModelRefused, match=r"its config\.json cannot be used"):
        Translator.load(folder, device="cpu")


def test_a_model_without_settings_takes_the_defaults(tmp_path):
    preparation = preparation_of()
    save_model(tmp_path / "m", tiny_regression(preparation), preparation, {})
    assert Translator.load(tmp_path / "m", device="cpu").settings == TranslatingSettings()
