import numpy as np
import pytest

from medtrans.preparing.transforms.rotation import Rotation


@pytest.mark.parametrize("dims", [2, 3])
def test_a_rotation_keeps_lengths_and_handedness(dims):
    drawn = Rotation(degrees=40).draw(np.random.default_rng(0), dims)
    matrix = Rotation().matrix(dims, **drawn)
    assert matrix @ matrix.T == pytest.approx(np.eye(dims), abs=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)
    assert len(drawn["degrees"]) == (1 if dims == 2 else 3)
    assert all(abs(angle) <= 40 for angle in drawn["degrees"])
