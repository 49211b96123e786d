"""What a script makes by a translator is marked as what the command makes."""

import json

import nibabel as nib
import numpy as np
import pytest

import medtrans
from medtrans.core.errors import UsageError
from medtrans.core.volume import Volume
from medtrans.reading.volumes import hash_volume
from medtrans.translating.ensemble import Ensemble
from medtrans.translating.translator import Identity
from tests.translating.stand_ins import Same, ball, oblique, save_nifti, translator_of

AFFINE = np.diag([2.0, 2, 2, 1])


@pytest.fixture
def source(tmp_path):
    save_nifti(tmp_path / "mr.nii.gz", ball((9, 8, 7))[0], oblique())
    return tmp_path / "mr.nii.gz"


@pytest.fixture
def translator():
    return translator_of(Same(), identity=Identity("toy", "a model's hash"))


def test_a_script_marks_what_it_writes_as_the_command_does(source, translator, tmp_path):
    medtrans.translate_folder(tmp_path, tmp_path / "out", translator, pattern="mr*")
    made = translator(medtrans.read_volume(source))
    medtrans.write_volume(made.like(made.voxels), tmp_path / "ct.nii.gz")
    assert bytes(nib.load(tmp_path / "ct.nii.gz").header["descrip"]).startswith(b"SYNTHETIC medtrans")
    ours, theirs = (json.loads((tmp_path / name).read_text()) for name in ("ct.json", "out/mr.json"))
    assert ours.keys() == theirs.keys()
    for key in ("SYNTHETIC", "notice", "model", "body", "window_borders", "engines", "clipped_fraction"):
        assert ours[key] == theirs[key]
    assert ours["output"]["sha256"] == theirs["output"]["sha256"]
    assert list(ours["inputs"][0]) == ["voxels_sha256"]
    assert "synthetic" in repr(made)


def test_the_mean_of_models_and_its_deviation_are_marked(source, translator, tmp_path):
    other = translator_of(Same(), identity=Identity("other", "another hash"))
    made = Ensemble([translator, other]).translate(medtrans.read_volume(source))
    for volume, name in ((made.volume, "ct"), (made.uncertainty, "std")):
        medtrans.write_volume(volume, tmp_path / f"{name}.nii.gz")
        assert len(json.loads((tmp_path / f"{name}.json").read_text())["model"]["mean_of"]) == 2


def test_a_sidecar_is_replaced_with_its_volume_and_another_json_is_not(source, translator, tmp_path):
    made, path = translator(medtrans.read_volume(source)), tmp_path / "ct.nii.gz"
    (tmp_path / "ct.json").write_text('{"EchoTime": 0.1}')
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="where the sidecar would be"):
            medtrans.write_volume(made, path, overwrite=overwrite)
    assert not path.exists()
    (tmp_path / "ct.json").unlink()
    medtrans.write_volume(made, path)
    medtrans.write_volume(made.like(made.voxels + 1), path, overwrite=True)
    assert json.loads((tmp_path / "ct.json").read_text())["output"]["sha256"] == hash_volume(path)


def test_a_measured_volume_has_no_sidecar(source, tmp_path):
    medtrans.write_volume(medtrans.read_volume(source), tmp_path / "copy.nii.gz")
    assert not (tmp_path / "copy.json").exists()


@pytest.mark.parametrize(
    ("image", "what"),
    [
        (
            np.zeros((4, 4, 4)),
            "is a NumPy array, which has no place in space; give medtrans.Volume(",
        ),
        (nib.Nifti1Image(np.zeros((4, 4, 4)), AFFINE), "is a nibabel.Nifti1Image; give medtrans.Volume(np.asanyarray("),
        ("mr.nii.gz", "is a builtins.str, not a volume; give a medtrans.Volume, as medtrans.read_volume(path)"),
    ],
)
def test_another_kind_of_image_is_refused_with_the_way_to_a_volume(image, what, translator, tmp_path):
    for use in (translator, lambda image: medtrans.write_volume(image, tmp_path / "out.nii.gz")):
        with pytest.raises(medtrans.UsageError) as refused:
            use(image)
        assert what in str(refused.value)


def test_a_volume_is_one_line():
    assert repr(Volume(np.zeros((1, 4, 5, 6), np.int16), AFFINE)) == "Volume(4×5×6 int16, 2×2×2 mm, RAS)"
    assert repr(Volume(np.zeros((2, 4, 5, 6)), AFFINE)).startswith("Volume(2 channels of 4×5×6 float64, ")
