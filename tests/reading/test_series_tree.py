import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.reading.series_tree import as_folder, choose, find_series
from medtrans.reading.volumes import hash_volume, read_volume
from tests.reading.formats.dicom_files import plain_series, volume, write_series

VOXELS = volume()


def series(folder, number, description, uid, *, shift=0, names=None, **more):
    facts = {"number": number, "series": uid, "SeriesDescription": description, "Modality": "MR", "PatientID": "P1"}
    return write_series(folder, plain_series(VOXELS + np.int16(shift), **{**facts, **more}), names)


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "study"
    mixed = root / "a" / "b"
    series(mixed, 1, "Localizer", "1.2.1", shift=1, names=[f"L{k}" for k in range(5)])
    series(mixed, 2, "T1 MPRAGE", "1.2.2", shift=2, names=[f"T{k}" for k in range(5)])
    series(root / "c", 3, "T2 TSE", "1.2.3", shift=3)
    series(root / "d", 4, "T2 TSE FS", "1.2.4", shift=4)
    (root / "notes.txt").write_text("x")
    return root


def test_all_series_of_a_tree_are_found_by_number(tree):
    found = find_series(tree)
    listed = [f"{one.number} {one.description}: {len(one.files)}" for one in found]
    assert listed == ["1 Localizer: 5", "2 T1 MPRAGE: 5", "3 T2 TSE: 5", "4 T2 TSE FS: 5"]
    assert {one.modality for one in found} == {"MR"}


@pytest.mark.parametrize(
    ("wanted", "number"),
    [("2", "2"), ("1.2.3", "3"), ("t1 mprage", "2"), ("T2 TSE", "3"), ("FS", "4"), ("mprage", "2"), (" 4 ", "4")],
)
def test_a_series_is_chosen_by_number_uid_or_description(wanted, number, tree):
    assert choose(find_series(tree), wanted, tree).number == number


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (None, r"holds 4 series: 1 Localizer \(MR, 5 files\); 2 T1 MPRAGE"),
        ("tse", r"2 series fit --series tse: 3 T2 TSE \(MR, 5 files\); 4 T2 TSE FS"),
        ("9", "no series fits --series 9; there are 1 Localizer"),
        ("", "no series fits"),
    ],
)
def test_none_or_several_are_answered_with_a_list(wanted, said, tree):
    with pytest.raises(InputRefused, match=said):
        choose(find_series(tree), wanted, tree)


def test_a_series_among_others_is_read_alone_and_its_folder_is_taken_where_it_has_one(tree):
    one = choose(find_series(tree), "2", tree)
    with as_folder(one) as folder:
        assert folder.name == "2_T1_MPRAGE"
        assert np.array_equal(read_volume(folder).voxels[0], (VOXELS + 2).transpose(1, 0, 2))
        first = hash_volume(folder)
    assert not folder.exists()
    with as_folder(one) as again:
        assert hash_volume(again) == first
    with as_folder(choose(find_series(tree), "3", tree)) as own:
        assert own == tree / "c"


def test_a_series_that_is_spread_over_folders_is_whole(tmp_path):
    slices = plain_series(VOXELS)
    for k, one in enumerate(slices):
        write_series(tmp_path / "study" / f"folder{k}", [one], ["IM1"])
    (found,) = find_series(tmp_path / "study")
    with as_folder(found) as folder:
        assert np.array_equal(read_volume(folder).voxels[0], VOXELS.transpose(1, 0, 2))


def test_two_patients_are_refused_but_for_a_uid(tree):
    series(tree / "other", 7, "T1 of another", "1.2.9", PatientID="P2")
    found = find_series(tree)
    for wanted in (None, "7", "2"):
        with pytest.raises(InputRefused, match=r"images of 2 patients: P1 \(20 files\), P2 \(5 files\)"):
            choose(found, wanted, tree)
    assert choose(found, "1.2.9", tree).description == "T1 of another"


@pytest.mark.parametrize("uid", ["1.2.8", "1.2.9"])
def test_two_patients_in_one_folder_are_refused_even_in_one_series(uid, tmp_path):
    series(tmp_path / "s", 1, "T1", "1.2.9", PatientID="A", names=list("abcde"))
    series(tmp_path / "s", 1, "T1", uid, PatientID="B", names=list("fghij"))
    with pytest.raises(InputRefused, match="images of 2 patients"):
        read_volume(tmp_path / "s")


def test_links_of_folders_are_not_followed_round_and_round(tree):
    (tree / "c" / "up").symlink_to(tree)
    assert len(find_series(tree)) == 4
