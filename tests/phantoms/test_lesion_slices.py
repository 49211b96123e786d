import numpy as np

from medtrans.phantoms.lesion_slices import SLICES, lesion_slices


def test_only_the_lesion_distinguishes_ill_slices_from_healthy_ones():
    ill, healthy = lesion_slices(3, ("T1", "FLAIR"), 30.0, 6.0)
    lesion = ill["lesion"].voxels > 0
    assert lesion.any(axis=(0, 1, 2)).sum() == SLICES, "each slice holds it"
    assert "lesion" not in healthy
    assert all(healthy[kind].shares_grid_with(ill["lesion"]) for kind in healthy)
    for kind in ("T1", "FLAIR"):
        difference = np.abs(ill[kind].voxels - healthy[kind].voxels)
        assert difference[~lesion].mean() < 0.05 * difference[lesion].mean()
    assert (ill["FLAIR"].voxels > 1.5 * healthy["FLAIR"].voxels)[lesion].mean() > 0.8
