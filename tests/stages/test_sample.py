import numpy as np
import pytest

from medtrans.core.errors import ModelRefused, UsageError
from medtrans.models.folder import save_model
from medtrans.reading.volumes import read_volume
from medtrans.stages.sample import sample
from tests.methods.tiny import tiny
from tests.translating.stand_ins import preparation_of, tiny_regression


@pytest.fixture
def model(tmp_path):
    save_model(tmp_path / "vae", tiny("vae"), preparation_of(patch=(16, 16)), {})
    return tmp_path / "vae"


def test_images_are_numbered_and_depend_on_the_seed_alone(model, tmp_path):
    calls = []
    paths = sample(tmp_path / "one", model, 3, device="cpu", on_progress=lambda *call: calls.append(call))
    assert [path.name for path in paths] == ["sample-000.nii.gz", "sample-001.nii.gz", "sample-002.nii.gz"]
    assert calls[-1] == ("sampling", "sample-002.nii.gz", 1.0)
    again = sample(tmp_path / "again", model, 3, device="cpu")
    other = sample(tmp_path / "other", model, 3, device="cpu", seed=1)
    one, two, three = (read_volume(files[0]).voxels for files in (paths, again, other))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, three)


def test_existing_images_are_kept(model, tmp_path):
    [path] = sample(tmp_path / "out", model, 1, device="cpu")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="exists; give --overwrite"):
        sample(tmp_path / "out", model, 1, device="cpu", seed=1)
    assert path.read_bytes() == before


def test_a_model_that_translates_and_an_unknown_condition_are_refused(model, tmp_path):
    preparation = preparation_of()
    save_model(tmp_path / "translator", tiny_regression(preparation), preparation, {})
    with pytest.raises(ModelRefused, match="does not sample"):
        sample(tmp_path / "out", tmp_path / "translator", 1, device="cpu")
    with pytest.raises(UsageError, match="--condition age: unknown condition"):
        sample(tmp_path / "out", model, 1, device="cpu", conditions={"age": 1.0})
