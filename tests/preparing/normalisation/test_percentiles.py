import pytest

from medtrans.preparing.normalisation.percentiles import Percentiles
from tests.preparing.normalisation.measured_images import measured


def test_nothing_is_clipped():
    voxels, mask = measured()
    normalised, undo = Percentiles(upper=90.0).normalise(voxels, mask)
    assert normalised.max() > 1
    assert undo(normalised).max() == pytest.approx(voxels.max(), rel=1e-6)
