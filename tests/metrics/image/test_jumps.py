import numpy as np

from medtrans.metrics.image._jumps import jumps


def test_only_pairs_in_the_mask_are_told_with_their_places():
    image = np.array([[[1, 4, 9, 16, 25]]], np.uint8)
    inside = np.array([[[True, True, True, False, True]]])
    found, places = jumps(image, inside, 2)
    assert found.tolist() == [3, 5]
    assert places.tolist() == [0, 1]
    assert jumps(image, inside, 0)[0].size == 0
    assert jumps(image[..., ::-1], inside[..., ::-1], 2)[0].tolist() == [-5, -3]
