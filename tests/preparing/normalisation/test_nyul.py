import numpy as np
import pytest

from medtrans.preparing.normalisation.nyul import Nyul
from tests.preparing.normalisation.measured_images import fitted, measured


def test_nyul_brings_another_contrast_to_the_average_histogram():
    voxels, mask = measured(3)
    normaliser = fitted(Nyul)
    darker = np.where(mask, 400 * (voxels / 400) ** 1.5, voxels).astype(np.float32)
    wanted = np.percentile(normaliser.normalise(voxels, mask)[0][mask], range(10, 100, 10))
    found = np.percentile(normaliser.normalise(darker, mask)[0][mask], range(10, 100, 10))
    assert found == pytest.approx(wanted, abs=0.02)


def test_nyul_bears_an_image_of_few_values():
    voxels = np.repeat(np.float32([0, 50, 50, 50, 100, 100, 200, 255]), 8).reshape(4, 4, 4)
    normalised, undo = fitted(Nyul).normalise(voxels, voxels > 0)
    assert undo(normalised) == pytest.approx(voxels, abs=0.01)
