import numpy as np
import pytest

from medtrans.evaluating.intensity_errors import by_intensity, by_tissue
from medtrans.metrics.image.tissue_error import TISSUES, TissueError

TRUE = np.repeat([-800.0, -100.0, 40.0, 900.0], [100, 200, 600, 100])


def test_hu_are_parted_into_tissues():
    found = by_intensity(TRUE, TRUE + np.where(TRUE > 200, -50.0, 10.0), modality="CT")
    assert [band.name for band in found.bands] == ["air inside", "fat", "soft tissue", "bone"]
    assert [band.limits for band in found.bands] == ["below −200", "−200 … −30", "−30 … 200", "above 200"]
    assert [band.share for band in found.bands] == [0.1, 0.2, 0.6, 0.1]
    assert [band.mean for band in found.bands] == [10, 10, 10, -50]
    assert [band.absolute for band in found.bands] == [10, 10, 10, 50]


def test_tissues_are_those_of_the_metric_on_their_borders_too():
    true = np.array([-201.0, -200.0, -30.0, 200.0, 201.0])
    predicted = true + np.arange(1, 6)
    found = by_intensity(true, predicted, modality="CT")
    for band, tissue in zip(found.bands, TISSUES, strict=True):
        assert band.absolute == TissueError(tissue=tissue)(predicted, true, np.ones(5, bool)), tissue


def test_an_absent_tissue_has_no_error():
    found = by_intensity(np.full(50, 40.0), np.full(50, 41.0), modality="CT")
    assert np.isnan(found.bands[3].mean)
    assert found.bands[2].absolute == 1


def test_without_hu_the_bands_are_quarters_of_the_target():
    found = by_intensity(np.arange(1000.0), np.arange(1000.0) + 1, modality="MR")
    assert [band.share for band in found.bands] == [0.25, 0.25, 0.25, 0.25]
    assert found.bands[0].name == "lowest quarter"


def test_histograms_hold_every_voxel_even_those_beyond_the_ends():
    predicted = TRUE.copy()
    predicted[:5] = 50_000
    found = by_intensity(TRUE, predicted, modality="CT")
    assert found.target.sum() == pytest.approx(1)
    assert found.translated.sum() == pytest.approx(1)


def test_bins_of_hu_are_whole_numbers_wide():
    widths = np.diff(by_intensity(TRUE, TRUE, modality="CT").edges)
    assert set(widths) == {25.0}


def test_bins_with_few_voxels_have_no_error():
    found = by_intensity(np.array([0.0] * 30 + [500.0] * 5), np.ones(35), modality="CT")
    drawn = found.mean[np.isfinite(found.mean)]
    assert drawn.tolist() == [1.0]


def test_nan_is_left_out_and_nothing_but_nan_is_nothing():
    found = by_intensity(np.array([np.nan, 40.0]), np.array([1.0, 42.0]), modality="CT")
    assert found.bands[2].mean == 2
    assert by_intensity(np.array([np.nan]), np.array([1.0]), modality="CT") is None


def test_each_tissue_has_its_own_histogram_of_both_images():
    rng = np.random.default_rng(0)
    true = np.rint(np.repeat([-800.0, -100.0, 40.0, 900.0], 100) + rng.normal(0, 10, 400))
    found = by_tissue(true, np.where(true > 200, 300.0, true))
    assert [one.name for one in found] == ["air inside", "fat", "soft tissue", "bone"]
    for one in found:
        assert one.target.sum() == pytest.approx(1)
        assert one.translated.sum() == pytest.approx(1)
        assert set(np.diff(one.edges) % 1) == {0.0}
    bone = found[3]
    assert bone.translated.argmax() < bone.target.argmax()
    assert np.array_equal(found[0].target, found[0].translated)


def test_a_tissue_of_a_few_voxels_has_no_histogram():
    assert [one.name for one in by_tissue(np.full(50, 40.0), np.full(50, 41.0))] == ["soft tissue"]
    assert by_tissue(np.array([np.nan]), np.array([1.0])) == []
