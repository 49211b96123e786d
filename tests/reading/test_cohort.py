from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medtrans.core.errors import GridMismatch, InputRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.reading.checks import check_cases, check_masks, check_volume
from medtrans.reading.cohort import find_cases, load_pair, unmatched_files
from medtrans.reading.names import subject_of
from medtrans.reading.settings import ImageSettings, ReadingSettings
from medtrans.reading.volumes import read_mask, write_volume


def MR(*patterns):
    return ImageSettings(pattern=patterns, modality="MR")


def CT(*patterns):
    return ImageSettings(pattern=patterns, modality="CT")


def put(path, value=0, affine=None, low=0):
    """A small volume whose bytes differ from those of every other `value`."""
    voxels = np.arange(64, dtype=np.float32).reshape(1, 4, 4, 4) + 100 * value + low
    path.parent.mkdir(parents=True, exist_ok=True)
    write_volume(Volume(voxels, np.eye(4) if affine is None else affine), path, overwrite=True)


def cohort(folder, count=10):
    for number in range(count):
        for value, kind in enumerate(("T1", "T2", "mask")):
            put(folder / f"sub{number}_{kind}.nii.gz", 3 * number + value)
    return ReadingSettings(root=folder, source=MR("*_T1.nii.gz"), target=MR("*_T2.nii.gz"), mask="*_mask.nii.gz")


def test_cases_are_found_by_what_the_star_matches(tmp_path):
    cases = find_cases(cohort(tmp_path))
    assert [case.name for case in cases] == [f"sub{n}" for n in range(10)]
    assert all(case.sources[0].name == f"{case.name}_T1.nii.gz" for case in cases)
    assert all(case.mask.name == f"{case.name}_mask.nii.gz" for case in cases)


def test_a_star_may_stand_for_a_folder(tmp_path):
    for name in ("anna", "ben"):
        put(tmp_path / name / "t1.nii.gz", len(name))
        put(tmp_path / name / "t2.nii.gz", len(name) + 50)
    cases = find_cases(ReadingSettings(root=tmp_path, source=MR("*/t1.nii.gz"), target=MR("*/t2.nii.gz")))
    assert [case.subject for case in cases] == ["anna", "ben"]


def test_several_patterns_become_channels(tmp_path):
    cohort(tmp_path)
    settings = ReadingSettings(root=tmp_path, source=MR("*_T1.nii.gz", "*_mask.nii.gz"), target=MR("*_T2.nii.gz"))
    assert load_pair(find_cases(settings)[0]).source.channels == 2


def test_a_mask_pattern_that_finds_nothing_is_refused(tmp_path):
    settings = cohort(tmp_path, 3)
    for pattern, message in (("*_msk.nii.gz", "matches no file"), ("sub*_mask.nii.gz", "matches no case's name")):
        with pytest.raises(UsageError, match=message):
            find_cases(ReadingSettings(**{**vars(settings), "mask": pattern}))


def test_a_case_without_its_mask_is_found_and_refused_where_it_would_choose_the_model(tmp_path):
    settings = cohort(tmp_path)
    assert not check_masks(find_cases(settings), scored_in_mask=True)
    for path in tmp_path.glob("*_mask.nii.gz"):
        if path.name != "sub0_mask.nii.gz":
            path.unlink()
    cases = find_cases(settings)
    by_case = {finding.where: finding for finding in check_masks(cases, scored_in_mask=True)}
    assert set(by_case) == {f"sub{number}" for number in range(1, 10)}
    severities = {case.split: by_case[case.name].severity for case in cases if case.name in by_case}
    assert severities == {"train": "warn", "test": "warn", "validation": "refuse"}
    assert any("cannot be scored" in finding.consequence for finding in by_case.values())
    assert {finding.severity for finding in check_masks(cases, scored_in_mask=False)} == {"warn"}
    bare = find_cases(ReadingSettings(**{**vars(settings), "mask": None}))
    assert not check_masks(bare, scored_in_mask=False)


def test_the_split_is_by_subject_and_the_same_every_time(tmp_path):
    settings = cohort(tmp_path)
    first, second = find_cases(settings), find_cases(settings)
    assert first == second
    assert sorted(case.split for case in first) == ["test"] + ["train"] * 8 + ["validation"]
    put(tmp_path / "sub3_later_T1.nii.gz", 90)
    put(tmp_path / "sub3_later_T2.nii.gz", 91)
    visits = [case.split for case in find_cases(settings) if case.subject == "sub3"]
    assert len(visits) == 2
    assert len(set(visits)) == 1


def test_held_out_subjects_are_the_test(tmp_path):
    settings = cohort(tmp_path)
    chosen = ReadingSettings(**{**vars(settings), "test_subjects": ("sub4",), "validation_fraction": 0})
    assert {case.name for case in find_cases(chosen) if case.split == "test"} == {"sub4"}
    with pytest.raises(UsageError, match="sub44"):
        find_cases(ReadingSettings(**{**vars(settings), "test_subjects": ("sub44",)}))


def test_a_held_out_subject_cannot_have_another_split_in_the_table(tmp_path):
    for number, name in enumerate("xyz"):
        put(tmp_path / f"{name}.nii.gz", number)
    for split, message in (
        ("train", "p is a test subject, but its split in the table is train"),
        ("test", None),
        ("", None),
    ):
        text = f"subject,source,split\np,x.nii.gz,{split}\nq,y.nii.gz,train\n"
        settings = ReadingSettings(**{**vars(table(tmp_path, text)), "test_subjects": ("p",)})
        if message is None:
            assert [case.split for case in find_cases(settings)] == ["test", "train"]
        else:
            with pytest.raises(UsageError, match=message):
                find_cases(settings)


def test_the_same_bytes_in_two_splits_are_a_leak(tmp_path):
    settings = cohort(tmp_path)
    test = next(case for case in find_cases(settings) if case.split == "test")
    train = next(case for case in find_cases(settings) if case.split == "train")
    train.sources[0].write_bytes(test.sources[0].read_bytes())
    with pytest.raises(InputRefused, match="same file in two splits"):
        find_cases(settings)


def test_unpaired_cases_may_lack_a_side(tmp_path):
    put(tmp_path / "a_T1.nii.gz", 1)
    put(tmp_path / "b_CT.nii.gz", 2)
    settings = ReadingSettings(root=tmp_path, source=MR("*_T1.nii.gz"), target=CT("*_CT.nii.gz"))
    cases = find_cases(settings, pairing="unpaired")
    assert [(len(case.sources), len(case.targets)) for case in cases] == [(1, 0), (0, 1)]
    with pytest.raises(UsageError, match="no source has a target"):
        find_cases(settings)


def test_files_that_make_no_case_are_named(tmp_path):
    settings = cohort(tmp_path, 3)
    assert not unmatched_files(settings)
    (tmp_path / "sub1_T2.nii.gz").unlink()
    assert [path.name for path in unmatched_files(settings)] == ["sub1_T1.nii.gz"]
    assert not unmatched_files(settings, pairing="unpaired")


def table(folder, text):
    (folder / "cases.csv").write_text(text)
    return ReadingSettings(
        root=folder, source=MR(), target=MR(), table=folder / "cases.csv", test_fraction=0, validation_fraction=0
    )


def test_a_table_names_files_splits_and_conditions(tmp_path):
    put(tmp_path / "x.nii.gz", 1)
    put(tmp_path / "y.nii.gz", 2)
    text = "subject,name,source_1,source_2,target,split,tesla\np,one,x.nii.gz,y.nii.gz,y.nii.gz,test,1.5\n"
    (case,) = find_cases(table(tmp_path, text))
    assert (case.subject, case.name, case.split, dict(case.conditions)) == ("p", "one", "test", {"tesla": 1.5})
    assert [path.name for path in case.sources] == ["x.nii.gz", "y.nii.gz"]


def test_columns_are_in_the_order_of_their_numbers(tmp_path):
    names = [f"source_{number}" for number in range(1, 11)]
    for name in names:
        put(tmp_path / f"{name}.nii.gz", 1)
    text = "subject," + ",".join(sorted(names)) + "\np," + ",".join(f"{name}.nii.gz" for name in sorted(names)) + "\n"
    (case,) = find_cases(table(tmp_path, text))
    assert [path.name for path in case.sources] == [f"{name}.nii.gz" for name in names]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subjekt,source\np,x.nii.gz\n", "subject and source"),
        ("subject,source\n", "no rows"),
        ("subject,source\np,nowhere.nii.gz\n", r"line 2, column source.*does not exist"),
        ("subject,source\n,x.nii.gz\n", "line 2.*no subject"),
        ("subject,source,split\np,x.nii.gz,trian\n", "line 2.*'trian'"),
        ("subject,source,tesla\np,x.nii.gz,strong\n", "line 2, column tesla.*'strong'"),
        ("subject,source,tesla\np,x.nii.gz,nan\n", "line 2, column tesla.*'nan' is not a finite number"),
        ("subject,source,tesla\np,x.nii.gz,-inf\n", "line 2, column tesla.*'-inf'"),
        ("subject,source,tesla,tesla\np,x.nii.gz,1,2\n", "two columns named 'tesla'"),
        ("subject,source\np,x.nii.gz,extra\n", "line 2.*cells"),
        ("subject,source,split\np,x.nii.gz,train\np,y.nii.gz,test\n", "subject p.*test, train"),
        ("subject,source\np,x.nii.gz\nq,x.nii.gz\n", "twice"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(text, message, tmp_path):
    put(tmp_path / "x.nii.gz", 1)
    put(tmp_path / "y.nii.gz", 2)
    with pytest.raises(UsageError, match=message):
        find_cases(table(tmp_path, text))


@pytest.mark.parametrize(
    "changes", [{"source": MR("T1.nii.gz")}, {"source": MR("*_T9.nii.gz")}, {"subject": "("}, {"subject": "z+"}]
)
def test_patterns_that_find_nothing_are_refused(changes, tmp_path):
    settings = cohort(tmp_path, 3)
    with pytest.raises(UsageError):
        find_cases(ReadingSettings(**{**vars(settings), **changes}))


def test_a_folder_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match=r"reading\.root"):
        find_cases(ReadingSettings(root=Path("nowhere at all"), source=MR("*_T1.nii.gz")))


def test_a_pair_on_two_grids_is_refused_and_found(tmp_path):
    settings = cohort(tmp_path, 3)
    put(tmp_path / "sub1_T2.nii.gz", 77, np.diag([1, 1, 2, 1.0]))
    case = find_cases(settings)[1]
    with pytest.raises(GridMismatch, match="sub1"):
        load_pair(case)
    assert [f.severity for f in check_cases([case], settings)] == ["refuse"]


@pytest.mark.parametrize(
    ("voxels", "what"),
    [(np.full((1, 3, 3, 3), np.nan), "nan"), (np.full((1, 3, 3, 3), 7.0), "constant")],
)
def test_findings_name_what_is_wrong(voxels, what, tmp_path):
    write_volume(Volume(voxels.astype(np.float32), np.eye(4)), tmp_path / "v.nii")
    (finding,) = check_volume(tmp_path / "v.nii")
    assert finding.severity == "refuse"
    assert what in finding.what


def test_a_ct_that_is_not_in_hu_gives_a_warning(tmp_path):
    put(tmp_path / "a_T1.nii.gz", 1)
    put(tmp_path / "a_CT.nii.gz", 2)
    settings = ReadingSettings(
        root=tmp_path, source=MR("*_T1.nii.gz"), target=CT("*_CT.nii.gz"), test_fraction=0, validation_fraction=0
    )
    (finding,) = check_cases(find_cases(settings), settings)
    assert finding.severity == "warn"
    assert "HU" in finding.what


def test_a_ct_alone_or_as_a_source_is_checked_by_its_modality_and_not_by_its_name(tmp_path):
    for number, name in enumerate(("a_CT", "a_T1")):
        put(tmp_path / f"{name}.nii.gz", number)
    assert not check_volume(tmp_path / "a_CT.nii.gz")
    assert not check_volume(tmp_path / "a_CT.nii.gz", "MR")
    for name in ("a_CT", "a_T1"):
        (finding,) = check_volume(tmp_path / f"{name}.nii.gz", "CT")
        assert (finding.code, finding.severity) == ("implausible-ct", "warn")
    source, target = CT("*_CT.nii.gz"), MR("*_T1.nii.gz")
    settings = ReadingSettings(root=tmp_path, source=source, target=target, test_fraction=0, validation_fraction=0)
    (finding,) = check_cases(find_cases(settings), settings)
    assert finding.where == str(tmp_path / "a_CT.nii.gz")
    put(tmp_path / "a_CT.nii.gz", 5, low=-1000)
    assert not check_volume(tmp_path / "a_CT.nii.gz", "CT")
    assert not check_cases(find_cases(settings), settings)


def test_a_broken_file_is_a_finding_not_an_error(tmp_path):
    (tmp_path / "v.nii.gz").write_bytes(b"rubbish")
    (finding,) = check_volume(tmp_path / "v.nii.gz")
    assert finding.severity == "refuse"


def test_absurd_voxels_and_left_handed_axes_are_reported(tmp_path):
    put(tmp_path / "v.nii", affine=np.diag([-0.001, 0.001, 0.001, 1.0]))
    assert [finding.severity for finding in check_volume(tmp_path / "v.nii")] == ["note", "warn"]


def test_an_image_where_a_mask_should_be_is_refused(tmp_path):
    mask = tmp_path / "brain_T1.nii.gz"
    for values, fits in ((300, False), (200, True)):
        write_volume(Volume(np.arange(1000.0).reshape(1, 10, 10, 10) % values, np.eye(4)), mask, overwrite=True)
        if fits:
            assert read_mask(mask).voxels.max() == values - 1, "a label map counts"
            continue
        with pytest.raises(InputRefused, match="more than 256 different values, as an image does"):
            read_mask(mask)
    soft = np.linspace(0, 1, 1000).reshape(1, 10, 10, 10)
    write_volume(Volume(soft, np.eye(4)), mask, overwrite=True)
    assert read_mask(mask).voxels.max() == 1, "as does a resampled mask"


def test_targets_in_a_table_need_a_modality(tmp_path):
    put(tmp_path / "x.nii.gz", 1)
    put(tmp_path / "y.nii.gz", 2)
    settings = table(tmp_path, "subject,source,target\np,x.nii.gz,y.nii.gz\n")
    assert find_cases(settings)
    with pytest.raises(UsageError, match=r"reading\.target: is missing.*write target: \{modality: CT\}"):
        find_cases(replace(settings, target=None))


def test_patterns_are_needed_without_a_table(tmp_path):
    settings = cohort(tmp_path, 3)
    for role in ("source", "target"):
        with pytest.raises(UsageError, match=rf"reading\.{role}: has no pattern"):
            find_cases(replace(settings, **{role: MR()}))


def test_two_visits_are_one_subject_in_every_verb(tmp_path):
    for number, name in enumerate(("s01_v1", "s01_v2", "s02_v1")):
        put(tmp_path / f"{name}_T1.nii.gz", number)
        put(tmp_path / f"{name}_T2.nii.gz", number + 10)
    cases = find_cases(ReadingSettings(root=tmp_path, source=MR("*_T1.nii.gz"), target=MR("*_T2.nii.gz")))
    found = [(case.subject, case.session, subject_of(case.name)) for case in cases]
    assert found == [("s01", "v1", "s01"), ("s01", "v2", "s01"), ("s02", "v1", "s02")]


def test_a_table_may_name_sessions(tmp_path):
    for number, name in enumerate("xyz"):
        put(tmp_path / f"{name}.nii.gz", number)
    text = "subject,name,session,source\np,one,before,x.nii.gz\np,p_v2,,y.nii.gz\np,three,,z.nii.gz\n"
    cases = {case.name: case.session for case in find_cases(table(tmp_path, text))}
    assert cases == {"one": "before", "p_v2": "v2", "three": ""}
