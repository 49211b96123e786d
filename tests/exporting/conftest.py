import pytest

from medtrans.exporting import check
from medtrans.models.folder import save_model
from medtrans.preparing.normalisation.percentiles import Percentiles
from tests.translating.stand_ins import preparation_of, tiny_regression


@pytest.fixture(autouse=True)
def small_head(monkeypatch):
    monkeypatch.setattr(check, "SHAPE", (16, 18, 16))
    monkeypatch.setattr(check, "SPACING", 12.0)


@pytest.fixture
def model(tmp_path):
    """The folder of a regression in 2D with weights as drawn, MR to CT."""
    return save_tiny(tmp_path / "tiny")


def save_tiny(folder, seed=0, **changes):
    preparation = preparation_of("MR", source_normalisation=Percentiles(typical_range=(0.0, 700.0)), **changes)
    save_model(folder, tiny_regression(preparation, seed), preparation, {"name": folder.name})
    return folder
