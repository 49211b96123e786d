import os

import pytest

from medtrans.batching.outputs import Output, plan_outputs
from medtrans.core.errors import UsageError

CONTENTS = {
    "volume": b"",
    "sidecar": b'{"SYNTHETIC": true}',
    "table": b"case,value\na,1\n",
    "JSON file": b'{"cases": []}',
    "page": b"<!doctype html>",
    "LaTeX file": b"\\begin{table}",
}
NAMES = {
    "volume": "a.nii.gz",
    "sidecar": "a.json",
    "table": "a.csv",
    "JSON file": "a.json",
    "page": "a.html",
    "LaTeX file": "a.tex",
}
KINDS = list(NAMES)
OTHERS = {
    "sidecar": [b'{"RepetitionTime": 2}', b"[1]", b"mine", b"\x00\x01"],
    "table": [b'{"mine": 1}', b"<html>", b"\x1f\x8b\x08\x00\x00"],
    "JSON file": [b"a,b\n", b"<html>", b"\x00{"],
    "page": [b"a,b\n", b"{}", b"\x00<"],
    "LaTeX file": [b"{}", b"<html>", b"\x00"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_existing_file_is_replaced_only_with_overwrite(tmp_path, kind):
    output = Output(tmp_path / NAMES[kind], kind)
    plan_outputs([output])
    output.path.write_bytes(CONTENTS[kind])
    with pytest.raises(UsageError, match="exists; give --overwrite"):
        plan_outputs([output])
    plan_outputs([output], overwrite=True)


@pytest.mark.parametrize(("kind", "content"), [(kind, content) for kind, all_ in OTHERS.items() for content in all_])
def test_a_file_of_another_kind_is_never_replaced(tmp_path, kind, content):
    path = tmp_path / NAMES[kind]
    path.write_bytes(content)
    with pytest.raises(UsageError, match=f"is not a {kind} of medtrans"):
        plan_outputs([Output(path, kind)], overwrite=True)


@pytest.mark.parametrize("name", ["target.nii.gz", "a.nii", "a.mha", "a.json", "a.html", "a.py", "recipe.yaml"])
def test_a_table_gets_no_name_of_another_kind(tmp_path, name):
    with pytest.raises(UsageError, match="is not the name of a table"):
        plan_outputs([Output(tmp_path / name, "table")], overwrite=True)


@pytest.mark.parametrize("link", ["same", "symlink", "hard link", "folder link", "dots"])
def test_an_input_is_never_replaced_by_whatever_name(tmp_path, link):
    folder = tmp_path / "in"
    folder.mkdir()
    source = folder / "a.csv"
    source.write_bytes(CONTENTS["table"])
    (tmp_path / "b.csv").symlink_to(source)
    os.link(source, tmp_path / "c.csv")
    (tmp_path / "again").symlink_to(folder)
    paths = {"symlink": tmp_path / "b.csv", "hard link": tmp_path / "c.csv", "folder link": tmp_path / "again/a.csv"}
    path = paths.get(link, folder / "../in/a.csv" if link == "dots" else source)
    with pytest.raises(UsageError, match="is an input, which medtrans never overwrites"):
        plan_outputs([Output(path, "table")], [source], overwrite=True)


def test_the_volumes_of_a_folder_and_their_sidecars_are_inputs(tmp_path):
    for name in ("a.nii.gz", "a.json", "old.csv"):
        (tmp_path / name).write_bytes(CONTENTS["table" if name == "old.csv" else "sidecar"])
    for kind in ("volume", "sidecar"):
        with pytest.raises(UsageError, match="input"):
            plan_outputs([Output(tmp_path / NAMES[kind], kind)], [tmp_path], overwrite=True)
    plan_outputs([Output(tmp_path / "old.csv", "table")], [tmp_path], overwrite=True)


def test_two_outputs_of_one_name_are_refused_whatever_their_suffix(tmp_path):
    outputs = [Output(tmp_path / "a_std.nii.gz", "volume", "a"), Output(tmp_path / "a_std.mha", "volume", "a_std")]
    with pytest.raises(UsageError, match=r"a_std: would have the same output as a: a_std\.mha; rename one"):
        plan_outputs(outputs, overwrite=True)


def test_many_existing_files_are_one_sentence_with_the_first_names_and_a_count(tmp_path):
    outputs = [Output(tmp_path / f"{number:03}.nii.gz", "volume") for number in range(200)]
    for output in outputs:
        output.path.touch()
    with pytest.raises(UsageError) as caught:
        plan_outputs(outputs)
    assert caught.value.what == "200 outputs exist: 000.nii.gz, 001.nii.gz, 002.nii.gz and 197 more"


def test_folders_devices_and_files_in_the_way_are_refused(tmp_path):
    (tmp_path / "a.csv").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, what in (
        ("a.csv", "is a folder"),
        ("pipe.csv", "is a device or a pipe"),
        ("file/a.csv", "is a file, so"),
    ):
        with pytest.raises(UsageError, match=what):
            plan_outputs([Output(tmp_path / name, "table")], overwrite=True)


def test_a_link_that_leads_nowhere_exists(tmp_path):
    (tmp_path / "a.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="exists"):
        plan_outputs([Output(tmp_path / "a.csv", "table")])
    plan_outputs([Output(tmp_path / "a.csv", "table")], overwrite=True)
