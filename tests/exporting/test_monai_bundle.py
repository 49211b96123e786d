"""A bundle is verified and run by MONAI's own tool, and gives the voxels of medtrans.

bundle_schema.json is written after MONAI's specification of bundles: that which metadata.json names is fetched by MONAI
from the internet.
"""

import hashlib
import importlib.util
import json
import logging
from pathlib import Path

import numpy as np
import pytest
from monai import bundle

from medtrans.core.errors import InputRefused, ModelRefused
from medtrans.core.volume import Volume
from medtrans.exporting import monai_bundle
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.stages.export import export
from medtrans.stages.translate import translate
from tests.exporting.conftest import save_tiny
from tests.translating.stand_ins import ball

pytestmark = pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning")
"""MONAI says that it evaluates a configuration: that of a bundle is a program."""
SCHEMA = Path(__file__).parent / "bundle_schema.json"


@pytest.fixture
def exported(model, tmp_path):
    logging.getLogger("monai").setLevel(logging.ERROR)
    export(model, "monai-bundle", tmp_path / "bundle")
    return tmp_path / "bundle"


def run(folder, source, output):
    files = {"config_file": str(folder / "configs/inference.json"), "meta_file": str(folder / "configs/metadata.json")}
    given = {"bundle_root": str(folder), "input": str(source), "output": str(output), "device": "cpu"}
    bundle.run("run", logging_file=False, **files, **given)


def test_monai_runs_it_and_gives_the_voxels_of_translate(exported, model, tmp_path):
    write_volume(Volume(ball((16, 16, 16), low=0)[0], np.diag([2.0, 2, 2, 1])), tmp_path / "mr.nii.gz")
    run(exported, tmp_path / "mr.nii.gz", tmp_path / "ct.nii.gz")
    [outcome] = translate(tmp_path / "mr.nii.gz", tmp_path / "own.nii.gz", model, device="cpu", engine="auto")
    assert outcome.verdict == "done"
    ours, theirs = (read_volume(tmp_path / name).voxels for name in ("own.nii.gz", "ct.nii.gz"))
    assert np.array_equal(ours, theirs)
    assert ours.std() > 1


def test_what_is_wrong_with_a_volume_is_raised_by_the_run(exported, tmp_path):
    (tmp_path / "bad.nii.gz").write_bytes(b"no volume")
    with pytest.raises(RuntimeError) as raised:
        run(exported, tmp_path / "bad.nii.gz", tmp_path / "ct.nii.gz")
    causes = [raised.value.__cause__, getattr(raised.value.__cause__, "__cause__", None)]
    assert any(isinstance(cause, InputRefused) for cause in causes)
    assert not (tmp_path / "ct.nii.gz").exists()


@pytest.mark.skipif(importlib.util.find_spec("jsonschema") is None, reason="not installed: jsonschema")
def test_its_metadata_are_verified_by_monai(exported):
    metadata = exported / "configs/metadata.json"
    schema = {
        "filepath": str(SCHEMA),
        "hash_val": hashlib.sha256(SCHEMA.read_bytes()).hexdigest(),
        "hash_type": "sha256",
    }
    bundle.verify_metadata(meta_file=str(metadata), **schema)
    facts = json.loads(metadata.read_text())
    del facts["network_data_format"]["outputs"]["pred"]["num_channels"]
    metadata.write_text(json.dumps(facts))
    with pytest.raises(ValueError, match="num_channels"):
        bundle.verify_metadata(meta_file=str(metadata), **schema)


def test_a_network_of_other_channels_than_its_metadata_is_refused_by_monai(tmp_path, monkeypatch):
    tensor = monai_bundle._tensor
    monkeypatch.setattr(monai_bundle, "_tensor", lambda *given: {**tensor(*given), "num_channels": 1 + given[2]})
    with pytest.raises(ModelRefused, match="verify_net_in_out"):
        export(save_tiny(tmp_path / "tiny"), "monai-bundle", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_it_holds_no_pickle_and_no_place_of_this_machine(exported, tmp_path):
    files = [path for path in exported.rglob("*") if path.is_file()]
    names = {path.relative_to(exported).as_posix() for path in files}
    assert {"export.json", "configs/inference.json", "configs/metadata.json", "docs/README.md"} < names
    assert not {path.suffix for path in files} & {".pt", ".pth", ".ts", ".pkl"}
    texts = [path.read_text() for path in files if path.suffix in (".json", ".md", ".txt")]
    assert not [text for text in texts if str(tmp_path) in text]
