"""Cases of small volumes, and a translator that returns its source."""

import pytest

from medtrans.translating.translator import Identity
from tests.translating.stand_ins import Same, ball, oblique, save_nifti, translator_of


@pytest.fixture
def cases(tmp_path):
    folder = tmp_path / "cases"
    folder.mkdir()
    for number in range(4):
        voxels, _ = ball((9, 8, 7), seed=number)
        save_nifti(folder / f"sub-{number}.nii.gz", voxels, oblique())
    return folder


@pytest.fixture
def translator():
    return translator_of(Same(), identity=Identity("toy", "a model's hash"))
