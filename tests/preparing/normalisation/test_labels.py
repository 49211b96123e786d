import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.preparing.normalisation.labels import Labels


def labelled(*numbers):
    return np.random.default_rng(0).choice(np.uint16([0, *numbers]), (1, 6, 7, 8))


def test_labels_become_channels_and_come_back():
    kind, voxels = Labels(labels=(3, 700)), labelled(3, 700)
    channels = kind.split(voxels)
    assert np.array_equal(channels[1], voxels[0] == 700)
    normalised, undo = kind.normalise(channels, np.ones((6, 7, 8), bool))
    assert set(np.unique(normalised)) == {-1.0, 1.0}
    assert np.array_equal(kind.merge(undo(normalised)), voxels)
    assert np.array_equal(kind.merge(kind.restore(normalised)), voxels)


def test_a_number_that_is_not_named_is_background():
    voxels = labelled(1, 2, 5)
    found = Labels(labels=(2,)).merge(Labels(labels=(2,)).split(voxels))
    assert found.dtype == np.uint8
    assert np.array_equal(found, np.where(voxels == 2, 2, 0))


def test_the_largest_share_of_a_voxel_decides():
    shares = np.float32([[0.4, 0.3, 0.2, 0.0], [0.5, 0.3, 0.2, 0.0]]).reshape(2, 1, 1, 4)
    assert Labels(labels=(7, 9)).merge(shares).ravel().tolist() == [9, 0, 0, 0]


def test_labels_in_several_channels_are_refused():
    with pytest.raises(InputRefused, match="one map"):
        Labels().split(np.zeros((2, 3, 3, 3)))
