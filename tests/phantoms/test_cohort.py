import numpy as np
import pytest

from medtrans.phantoms import Lesion
from medtrans.phantoms.cohort import write_cohort, write_follow_ups
from medtrans.reading.cohort import find_cases
from medtrans.reading.settings import FollowUpSettings, ImageSettings, ReadingSettings
from medtrans.reading.volumes import read_volume


def test_a_cohort_is_written_as_cases_with_their_masks_last(tmp_path):
    lesion = Lesion(20.0, (20.0, 0.0, 10.0))
    files = write_cohort(tmp_path, [3], ("T1", "CT"), shape=(24, 32, 24), spacing=6.0, lesions=[lesion])
    assert [file.name for file in files] == [f"sub-03_{kind}.nii.gz" for kind in ("T1", "CT", "lesion", "mask")]
    t1, ct, ill, body = (read_volume(file) for file in files)
    assert all(volume.shares_grid_with(body) for volume in (t1, ct, ill))
    assert t1.spacing == pytest.approx((6, 6, 6))
    assert ct.voxels.min() == -1024
    assert set(np.unique(ill.voxels)) == set(np.unique(body.voxels)) == {0, 1}


def test_each_contrast_of_a_head_has_random_numbers_of_its_own(tmp_path):
    options = {"shape": (24, 32, 24), "spacing": 6.0}
    alone = write_cohort(tmp_path / "one", [3], ("T1",), **options)
    both = write_cohort(tmp_path / "two", [3], ("T1", "CT"), **options)
    assert np.array_equal(read_volume(alone[0]).voxels, read_volume(both[0]).voxels)


FOLLOW_UP = {"shape": (24, 32, 24), "spacing": 8.0}


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    """Two visits of two heads."""
    folder = tmp_path_factory.mktemp("visits")
    return folder, write_follow_ups(folder, range(2), 2, ("T1", "FLAIR"), **FOLLOW_UP)


def test_visits_are_read_as_a_follow_up_by_their_table(visited):
    folder, files = visited
    assert set(files) == set(folder.iterdir())
    image = ImageSettings(modality="MR")
    settings = ReadingSettings(root=folder, source=image, table=files[-1], follow_up=FollowUpSettings())
    cases = find_cases(settings)
    assert [case.name for case in cases] == ["sub-00_ses-1_to_ses-2", "sub-01_ses-1_to_ses-2"]
    assert all(0.4 < case.conditions["years"] < 3.1 for case in cases)
    kinds = "ses-1_FLAIR", "ses-2_FLAIR", "ses-1_mask", "ses-2_change"
    assert [path.name for path in cases[0].files] == [f"sub-00_{kind}.nii.gz" for kind in kinds]


def test_the_second_visit_has_another_look_and_its_truth_in_the_look_of_the_first(visited):
    names = "ses-1_T1", "ses-2_T1", "ses-2_T1_harmonised", "ses-2_change", "ses-2_mask"
    first, second, harmonised, change, mask = (
        read_volume(visited[0] / f"sub-01_{name}.nii.gz").voxels for name in names
    )
    same = (mask > 0) & (change == 0)
    error = [np.abs(image[same].astype(float) - first[same]).mean() for image in (second, harmonised)]
    assert error[1] < 0.5 * error[0]


def test_visits_are_made_again_bit_by_bit(visited, tmp_path):
    for again in write_follow_ups(tmp_path, [1], 2, ("T1", "FLAIR"), **FOLLOW_UP):
        if again.suffix == ".gz":
            assert np.array_equal(read_volume(again).voxels, read_volume(visited[0] / again.name).voxels)
