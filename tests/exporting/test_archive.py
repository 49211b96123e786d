import hashlib
import zipfile

import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.core.volume import Volume
from medtrans.models.zoo import model_folders
from medtrans.stages.export import export
from medtrans.translating.ensemble import load_translator
from tests.exporting.conftest import save_tiny
from tests.translating.stand_ins import ball


def test_the_same_model_gives_the_same_zip(model, tmp_path):
    hashes = set()
    for _ in range(2):
        export(model, "zip", tmp_path / "a.zip", overwrite=True)
        hashes.add(hashlib.sha256((tmp_path / "a.zip").read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_an_unpacked_zip_is_the_model(model, tmp_path):
    export(model, "zip", tmp_path / "other.zip")
    with zipfile.ZipFile(tmp_path / "other.zip") as archive:
        archive.extractall(tmp_path / "there")
    folder = tmp_path / "there" / "other"
    assert model_folders([folder]) == [folder / "tiny"]
    volume = Volume(ball((16, 16, 16), low=0)[0], np.eye(4))
    assert np.array_equal(load_translator(folder)(volume).voxels, load_translator(model)(volume).voxels)


def test_the_members_of_an_ensemble_are_all_in_it(tmp_path):
    export("head-mr-to-ct", "zip", tmp_path / "head.zip")
    with zipfile.ZipFile(tmp_path / "head.zip") as archive:
        archive.extractall(tmp_path)
    expected = model_folders(["head-mr-to-ct"])
    found = model_folders([tmp_path / "head"])
    assert [path.name for path in found] == [path.name for path in expected]
    for one, other in zip(found, expected, strict=True):
        assert {path.name: path.read_bytes() for path in one.iterdir()} == {
            path.name: path.read_bytes() for path in other.iterdir()
        }


@pytest.mark.parametrize(
    ("name", "content", "overwrite", "sentence"),
    [
        ("out.tar", None, False, "ends in .zip"),
        ("out.zip", b"mine", False, "exists"),
        ("out.zip", b"mine", True, "is not an export of medtrans"),
    ],
)
def test_what_may_not_be_replaced_is_refused(name, content, overwrite, sentence, model, tmp_path):
    output = tmp_path / name
    if content is not None:
        output.write_bytes(content)
    with pytest.raises(UsageError, match=sentence):
        export(model, "zip", output, overwrite=overwrite)
    assert content is None or output.read_bytes() == content


def test_a_folder_of_other_things_is_never_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not an export of medtrans"):
        export(save_tiny(tmp_path / "tiny"), "monai-bundle", tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine/notes.txt").read_text() == "mine"


def test_the_models_of_folds_are_named_by_their_runs(tmp_path):
    for number in range(2):
        save_tiny(tmp_path / f"folds/fold_{number}/model", seed=number)
    result = export(tmp_path / "folds", "zip", tmp_path / "folds.zip")
    assert [network["name"] for network in result.networks] == ["fold_0", "fold_1"]
