import os
from pathlib import Path

import pytest

from medtrans.batching.plan import plan
from medtrans.core.errors import InputRefused, UsageError


@pytest.fixture
def cases(tmp_path):
    folder = tmp_path / "cases"
    folder.mkdir()
    for name in ("b.nii.gz", "a.nii", "c.mha", "notes.txt", "._a.nii", ".hidden.nii.gz", "b.json"):
        (folder / name).write_bytes(b"")
    return folder


def test_a_folder_goes_to_a_folder_by_the_same_names(cases, tmp_path):
    jobs = plan(cases, tmp_path / "out")
    assert [job.output for job in jobs] == [tmp_path / "out" / name for name in ("a.nii", "b.nii.gz", "c.mha")]
    assert [job.name for job in jobs] == ["a", "b", "c"]


def test_a_file_goes_to_a_file_or_into_a_folder(cases, tmp_path):
    source = cases / "b.nii.gz"
    assert [job.output for job in plan(source, tmp_path / "ct.nii.gz")] == [tmp_path / "ct.nii.gz"]
    assert [job.output for job in plan(source, tmp_path / "out")] == [tmp_path / "out" / "b.nii.gz"]


def test_metaimage_in_two_files_becomes_one(cases, tmp_path):
    (cases / "d.mhd").write_bytes(b"")
    assert plan(cases / "d.mhd", tmp_path)[0].output == tmp_path / "d.mha"
    with pytest.raises(UsageError, match="two files"):
        plan(cases / "b.nii.gz", tmp_path / "ct.mhd")


def test_a_file_does_not_become_a_folder_by_a_slip(cases, tmp_path):
    with pytest.raises(UsageError, match=r"neither an existing folder nor the name of a volume \(\.gz\)"):
        plan(cases / "b.nii.gz", tmp_path / "ct.nni.gz")


def test_a_case_of_several_files_is_one_job_by_the_name_given(cases, tmp_path):
    [job] = plan([(cases / "a.nii", cases / "b.nii.gz")], tmp_path / "out", names=["sub-01"])
    assert job.sources == (cases / "a.nii", cases / "b.nii.gz")
    assert job.output == tmp_path / "out" / "sub-01.nii.gz"


def test_one_case_of_several_files_goes_to_a_file(cases, tmp_path):
    [job] = plan([(cases / "a.nii", cases / "b.nii.gz")], tmp_path / "all.nii.gz")
    assert job.output == tmp_path / "all.nii.gz"
    with pytest.raises(UsageError, match="is one file, for several volumes"):
        plan([cases / "a.nii", cases / "b.nii.gz"], tmp_path / "all.nii.gz")


def test_an_output_is_never_an_input(cases, tmp_path):
    with pytest.raises(UsageError, match="which medtrans never overwrites"):
        plan(cases, cases)
    with pytest.raises(UsageError, match="which medtrans never overwrites"):
        plan(cases / "b.nii.gz", cases / "b.nii.gz")
    (tmp_path / "link").symlink_to(cases)
    with pytest.raises(UsageError, match="which medtrans never overwrites"):
        plan(cases, tmp_path / "link")
    os.link(cases / "b.nii.gz", tmp_path / "same.nii.gz")
    with pytest.raises(UsageError, match="which medtrans never overwrites"):
        plan(cases / "b.nii.gz", tmp_path / "same.nii.gz")


def test_two_inputs_that_would_become_one_output_are_refused(cases, tmp_path):
    (cases / "a.nii.gz").write_bytes(b"")
    with pytest.raises(UsageError, match=r"would have the same output as .*a\.nii.*; rename one"):
        plan(cases, tmp_path / "out")


def test_an_output_that_would_share_the_sidecar_of_its_input_is_refused(cases):
    with pytest.raises(UsageError, match="differs from an input only by its suffix"):
        plan(cases / "b.nii.gz", cases / "b.nii")


@pytest.mark.parametrize(
    ("inputs", "output", "kind", "message"),
    [
        ("cases", "out.nii.gz", UsageError, "is one file, for several volumes"),
        ("nowhere", "out", InputRefused, "does not exist"),
        ("empty", "out", InputRefused, "holds no volume"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is(cases, tmp_path, inputs, output, kind, message):
    (tmp_path / "empty").mkdir()
    with pytest.raises(kind, match=message):
        plan(tmp_path / inputs, tmp_path / output)


def test_one_name_is_needed_for_each_case(cases, tmp_path):
    with pytest.raises(UsageError, match="2 for 1 cases"):
        plan([cases / "a.nii"], Path("out"), names=["a", "b"])
