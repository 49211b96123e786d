import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.models.folder import save_model
from medtrans.reading.volumes import read_volume
from medtrans.stages.translate import translate
from tests.translating.stand_ins import ball, oblique, preparation_of, save_nifti, tiny_regression


@pytest.fixture
def source(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(2):
        save_nifti(tmp_path / "in" / f"{number}.nii.gz", ball((9, 8, 7), seed=number)[0], oblique())
    return tmp_path / "in"


def saved(folder, seed=0):
    preparation = preparation_of()
    save_model(folder, tiny_regression(preparation, seed), preparation, {"name": folder.name})
    return folder


def test_a_folder_is_translated_by_one_model_and_progress_names_stage_and_case(source, tmp_path):
    calls = []
    outcomes = translate(
        source, tmp_path / "out", saved(tmp_path / "m"), device="cpu", on_progress=lambda *call: calls.append(call)
    )
    assert [outcome.verdict for outcome in outcomes] == ["done", "done"]
    assert calls[0] == ("translating", "1/2 0", 0.0, None)
    assert calls[-1] == ("translating", "2/2 1", 1.0, 0.0)


def test_several_models_give_their_mean_with_its_uncertainty(source, tmp_path):
    models = [saved(tmp_path / name, seed) for seed, name in enumerate(("a", "b"))]
    for model in models:
        translate(source / "0.nii.gz", tmp_path / f"{model.name}.nii.gz", model, device="cpu")
    translate(source / "0.nii.gz", tmp_path / "both.nii.gz", models, device="cpu")
    one, two, both = (read_volume(tmp_path / f"{name}.nii.gz").voxels.astype(float) for name in ("a", "b", "both"))
    assert np.abs(both - (one + two) / 2).max() <= 0.5
    assert np.allclose(read_volume(tmp_path / "both_std.nii.gz").voxels, np.abs(one - two) / np.sqrt(2), atol=0.01)


def test_changed_settings_stand_in_the_sidecar_and_wrong_ones_are_refused(source, tmp_path):
    model = saved(tmp_path / "m")
    translate(source / "0.nii.gz", tmp_path / "out.nii.gz", model, device="cpu", changes={"seed": 5})
    assert '"seed": 5' in (tmp_path / "out.json").read_text()
    with pytest.raises(UsageError, match="no size in 2D"):
        translate(source, tmp_path / "out", model, device="cpu", changes={"window": (8, 8, 8)})


def test_samples_of_a_deterministic_model_are_refused(source, tmp_path):
    with pytest.raises(UsageError, match=r"the model is deterministic.*leave out --samples"):
        translate(source, tmp_path / "out", saved(tmp_path / "m"), device="cpu", changes={"samples": 8})
    assert not (tmp_path / "out").exists()


def test_an_unknown_condition_is_refused_before_anything_is_translated(source, tmp_path):
    with pytest.raises(UsageError, match="--condition age: unknown condition; this model takes none"):
        translate(source, tmp_path / "out", saved(tmp_path / "m"), device="cpu", conditions={"age": 1.0})
    assert not (tmp_path / "out").exists()


def test_parts_share_the_cases_of_a_folder(source, tmp_path):
    model = saved(tmp_path / "m")
    first, second = (translate(source, tmp_path / "out", model, device="cpu", part=(n, 2)) for n in range(2))
    assert [[outcome.case for outcome in part] for part in (first, second)] == [["0"], ["1"]]
    again = translate(source, tmp_path / "out", model, device="cpu", resume=True)
    assert [outcome.verdict for outcome in again] == ["skipped", "skipped"]
