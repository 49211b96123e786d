"""A batch over a tree, a pattern, several folders and a list; retried and accepted failures."""

from pathlib import Path

import pytest

from medtrans.batching.batch_plan import Selection
from medtrans.batching.found_inputs import find_inputs, read_list, read_names
from medtrans.batching.time_left import TimeLeft
from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import InputRefused, UsageError
from tests.batching.outcomes import last_rows, spoil, verdicts
from tests.translating.stand_ins import ball, oblique, save_nifti

TREE = ("sub-1/anat/T1.nii.gz", "sub-1/anat/T2.nii.gz", "sub-2/T1.nii.gz", "T1.nii.gz")


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    for number, name in enumerate(TREE):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        save_nifti(root / name, ball((9, 8, 7), seed=number)[0], oblique())
    return root


def test_a_tree_is_kept_with_one_ledger_and_is_resumed_and_masked(tree, translator, tmp_path):
    masks, out = tmp_path / "masks", tree / "out"
    for name in TREE:
        (masks / name).parent.mkdir(parents=True, exist_ok=True)
        save_nifti(masks / name, (ball((9, 8, 7))[0] > 0).astype("uint8"), oblique())
    chosen = Selection(recursive=True, pattern="T1*")
    outcomes = translate_files(tree, out, translator, selection=chosen, masks=masks)
    assert [outcome.case for outcome in outcomes] == ["T1", "sub-1/anat/T1", "sub-2/T1"]
    assert verdicts(outcomes) == ["done"] * 3
    assert [row["output"] for row in last_rows(out / "ledger.jsonl")] == [
        "T1.nii.gz",
        "sub-1/anat/T1.nii.gz",
        "sub-2/T1.nii.gz",
    ]
    again = translate_files(tree, out, translator, selection=chosen, masks=masks, resume=True)
    assert verdicts(again) == ["skipped"] * 3, "the outputs inside of the tree are no inputs"
    every = translate_files(tree, out, translator, selection=Selection(recursive=True), masks=masks, resume=True)
    assert verdicts(every) == ["skipped", "skipped", "done", "skipped"]
    assert (out / "sub-1/anat/T2.json").is_file()


def test_failed_cases_are_retried_alone_and_accepted_ones_are_no_failure(cases, translator, tmp_path):
    whole = (cases / "sub-1.nii.gz").read_bytes()
    for number in (1, 2):
        spoil(cases / f"sub-{number}.nii.gz")
    out, heard = tmp_path / "out", []
    outcomes = translate_files(cases, out, translator, on_outcome=lambda one: heard.append(one.case))
    assert verdicts(outcomes) == ["done", "failed", "failed", "done"]
    assert heard == [outcome.case for outcome in outcomes]
    names = read_names(listed(tmp_path / "accepted.txt", "# known", "sub-2.nii.gz\ttruncated on the scanner"))
    assert names == {"sub-2"}
    known = translate_files(cases, out, translator, resume=True, accepted=names)
    assert [(one.verdict, one.exit_code) for one in known[1:3]] == [("failed", 3), ("accepted", 0)]
    assert "as before; its input has not changed" in known[2].message
    (cases / "sub-1.nii.gz").write_bytes(whole)
    retried = translate_files(cases, out, translator, selection=Selection(retry_failed=True))
    assert [(one.case, one.verdict) for one in retried] == [("sub-1", "done"), ("sub-2", "failed")]
    with pytest.raises(UsageError, match="there is no ledger"):
        translate_files(cases, tmp_path / "new", translator, selection=Selection(retry_failed=True))


def test_a_list_holds_cases_and_their_contrasts(tree, monkeypatch, tmp_path):
    monkeypatch.chdir(tree)
    cases = read_list(
        listed(tmp_path / "list.txt", "sub-1/anat/T1.nii.gz\tsub-1/anat/T2.nii.gz", "", "sub-2/T1.nii.gz")
    )
    assert cases == [(Path(TREE[0]), Path(TREE[1])), (Path(TREE[2]),)]
    assert find_inputs(cases, tmp_path).places is None
    assert find_inputs(cases, tmp_path, recursive=True).places == ("sub-1/anat", "sub-2")


def test_several_folders_are_one_batch(tree, tmp_path):
    found = find_inputs([tree / "sub-1/anat", (tree / "sub-2",)], tmp_path)
    assert found.volumes == tuple(tree / name for name in TREE[:3])
    assert find_inputs([tree / "sub-1", tree / "sub-2"], tmp_path, recursive=True).places == (
        "sub-1/anat",
        "sub-1/anat",
        "sub-2",
    )


def test_links_to_folders_are_not_followed(tree, tmp_path):
    (tree / "sub-2" / "loop").symlink_to(tree)
    assert len(find_inputs(tree, tmp_path, recursive=True).volumes) == len(TREE)


@pytest.mark.parametrize(
    ("given", "options", "kind", "what"),
    [
        ("", {"pattern": "*.mha"}, InputRefused, "none of its 1 volumes fits the pattern"),
        ("sub-1", {"recursive": True, "pattern": "*/*_T2*"}, InputRefused, "none of its 2 volumes fits"),
        ("T1.nii.gz", {"pattern": "*"}, UsageError, "is for folders of volumes"),
        ("nowhere", {"recursive": True}, InputRefused, "does not exist"),
        (["sub-2", "T1.nii.gz"], {}, UsageError, "is a folder of volumes, and another input is none"),
    ],
)
def test_what_holds_no_case_is_refused(tree, tmp_path, given, options, kind, what):
    inputs = tree / given if isinstance(given, str) else [tree / each for each in given]
    with pytest.raises(kind, match=what.replace("*", r"\*")):
        find_inputs(inputs, tmp_path, **options)


@pytest.mark.parametrize("text", [b"", b"# nothing\n", b"\xff\xfe"])
def test_a_list_without_a_case_is_refused(tmp_path, text):
    (tmp_path / "list.txt").write_bytes(text)
    with pytest.raises(UsageError):
        read_list(tmp_path / "list.txt")


def test_the_time_left_counts_only_cases_that_were_translated():
    clock = iter([0.0, 1.0, 1.0, 11.0, 11.0, 16.0]).__next__
    left = TimeLeft(4, clock)
    left.finish(worked=False)
    assert left.at(0.0) == (0.25, None)
    left.finish(worked=True)
    assert left.at(0.0) == (0.5, 20.0)
    assert left.at(0.5) == (0.625, 15.0)


def listed(file, *lines):
    file.write_text("\n".join(lines))
    return file
