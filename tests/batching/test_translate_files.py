import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from medtrans.batching import translate_case
from medtrans.batching.batch_plan import Selection
from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import EnvironmentRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.reading import formats
from medtrans.reading.storage import sha256
from medtrans.reading.volumes import hash_volume, read_volume, write_volume
from medtrans.translating.ensemble import Ensemble
from medtrans.translating.translator import Identity
from tests.batching.outcomes import last_rows, spoil, verdicts
from tests.translating.stand_ins import Same, ball, oblique, save_nifti, translator_of


def test_a_folder_is_translated_file_by_file_with_sidecars_and_a_ledger(cases, translator, tmp_path):
    calls = []
    outcomes = translate_files(cases, tmp_path / "out", translator, on_progress=lambda *call: calls.append(call))
    assert verdicts(outcomes) == ["done"] * 4
    assert [outcome.exit_code for outcome in outcomes] == [0] * 4
    assert calls[0] == ("translating", "1/4 sub-0", 0.0, None)
    assert calls[-1] == ("translating", "4/4 sub-3", 1.0, 0.0)
    assert [done for _, _, done, _ in calls] == sorted(done for _, _, done, _ in calls)
    for number in range(4):
        made, source = tmp_path / "out" / f"sub-{number}.nii.gz", cases / f"sub-{number}.nii.gz"
        image = nib.load(made)
        assert np.array_equal(np.asanyarray(image.dataobj), np.asanyarray(nib.load(source).dataobj))
        assert bytes(image.header["descrip"]).startswith(b"SYNTHETIC medtrans")
        facts = json.loads(made.with_name(f"sub-{number}.json").read_text())
        assert facts["SYNTHETIC"] is True
        assert facts["inputs"] == [{"file": source.name, "sha256": sha256(source)}]
        assert facts["output"]["sha256"] == sha256(made)
    rows = last_rows(tmp_path / "out" / "ledger.jsonl")
    assert [row["verdict"] for row in rows] == ["done"] * 4
    assert rows[2]["output_sha256"] == sha256(tmp_path / "out" / "sub-2.nii.gz")
    json.dumps([outcome.to_dict() for outcome in outcomes])


def test_a_file_becomes_a_file(cases, translator, tmp_path):
    [outcome] = translate_files(cases / "sub-0.nii.gz", tmp_path / "deep" / "ct.nii", translator)
    assert outcome.output == tmp_path / "deep" / "ct.nii"
    assert np.array_equal(nib.load(outcome.output).dataobj, nib.load(cases / "sub-0.nii.gz").dataobj)
    assert (tmp_path / "deep" / "ct.json").exists()


@pytest.mark.parametrize("suffix", [".mha", ".nrrd"])
def test_other_kinds_of_file_keep_their_kind_and_their_place(suffix, translator, tmp_path):
    voxels, _ = ball((9, 8, 7))
    source = Volume(voxels.astype(np.int16), oblique())
    write_volume(source, tmp_path / f"mr{suffix}")
    [outcome] = translate_files(tmp_path / f"mr{suffix}", tmp_path / "out", translator)
    assert outcome.verdict == "done", outcome.message
    before, after = read_volume(tmp_path / f"mr{suffix}"), read_volume(tmp_path / "out" / f"mr{suffix}")
    assert np.array_equal(after.voxels, source.voxels)
    # These formats write direction and spacing as decimals, so the last bit of an oblique affine may go.
    assert after.shares_grid_with(before)


def test_several_files_become_the_channels_of_one_case(cases, tmp_path):
    translator = translator_of(Same(channels=2))
    sources = (cases / "sub-1.nii.gz", cases / "sub-0.nii.gz")
    translate_files([sources], tmp_path / "out", translator, names=["both"])
    assert np.array_equal(nib.load(tmp_path / "out" / "both.nii.gz").dataobj, nib.load(sources[0]).dataobj)
    facts = json.loads((tmp_path / "out" / "both.json").read_text())
    assert [each["sha256"] for each in facts["inputs"]] == [sha256(path) for path in sources]


def test_one_failing_case_does_not_stop_the_rest(cases, translator, tmp_path):
    spoil(cases / "sub-1.nii.gz")
    (cases / "sub-2.nii.gz").write_bytes((cases / "sub-2.nii.gz").read_bytes()[:100])
    outcomes = translate_files(cases, tmp_path / "out", translator)
    assert verdicts(outcomes) == ["done", "failed", "failed", "done"]
    assert [outcome.exit_code for outcome in outcomes] == [0, 3, 3, 0]
    assert "nan" in outcomes[1].message
    assert "sub-1.nii.gz" in outcomes[1].message
    assert "\n" not in outcomes[2].message
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["ledger.jsonl", "sub-0.json", "sub-0.nii.gz", "sub-3.json", "sub-3.nii.gz"]
    rows = last_rows(tmp_path / "out" / "ledger.jsonl")
    assert [row["verdict"] for row in rows] == ["done", "failed", "failed", "done"]
    assert rows[1]["message"] == outcomes[1].message


def test_a_bug_fails_its_case_only_and_is_named(cases, translator, tmp_path, monkeypatch):
    translate = translator.translate

    def faulty(volume, **options):
        if "sub-1" in options["where"]:
            raise ZeroDivisionError("by zero")
        return translate(volume, **options)

    monkeypatch.setattr(translator, "translate", faulty)
    outcomes = translate_files(cases, tmp_path / "out", translator)
    assert verdicts(outcomes) == ["done", "failed", "done", "done"]
    assert "sub-1.nii.gz: a bug of medtrans, please report it: ZeroDivisionError" in outcomes[1].message
    assert isinstance(outcomes[1].error, ZeroDivisionError)


def test_parts_share_a_folder_without_doing_a_case_twice(cases, translator, tmp_path):
    first = translate_files(cases, tmp_path / "out", translator, selection=Selection(part=(0, 3)))
    second = translate_files(cases, tmp_path / "out", translator, selection=Selection(part=(1, 3)))
    assert [outcome.case for outcome in first] == ["sub-0", "sub-3"]
    assert [outcome.case for outcome in second] == ["sub-1"]
    assert translate_files(cases, tmp_path / "out", translator, selection=Selection(part=(5, 6))) == []
    outcomes = translate_files(cases, tmp_path / "out", translator, resume=True)
    assert verdicts(outcomes) == ["skipped", "skipped", "done", "skipped"]


def test_findings_of_the_reader_are_in_outcome_and_sidecar(cases, translator, tmp_path):
    voxels, _ = ball((9, 8, 7))
    save_nifti(cases / "sub-0.nii.gz", voxels, oblique(), codes=(0, 0))
    [outcome] = translate_files(cases / "sub-0.nii.gz", tmp_path / "out.nii.gz", translator)
    assert outcome.verdict == "done"
    assert "left and right are a guess" in outcome.findings[0].sentence
    records = json.loads((tmp_path / "out.json").read_text())["findings"]
    named = [replace(finding, where="sub-0.nii.gz") for finding in outcome.findings]
    assert [Finding.from_dict(record) for record in records] == named
    json.dumps(outcome.to_dict())


def test_what_is_wrong_as_a_whole_is_refused_at_once(cases, translator, tmp_path):
    (cases / "sub-0.nii").write_bytes(b"")
    with pytest.raises(UsageError, match="would have the same output"):
        translate_files(cases, tmp_path / "out", translator)
    assert not (tmp_path / "out").exists()


def test_where_nothing_may_be_written_nothing_is_translated(cases, translator, tmp_path, monkeypatch):
    def full(dir):
        raise OSError(28, "No space left on device", str(dir))

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    calls = []
    with pytest.raises(EnvironmentRefused, match="cannot be written to"):
        translate_files(cases, tmp_path / "out" / "deep", translator, on_progress=lambda *call: calls.append(call))
    assert not calls


def test_a_single_file_that_is_refused_leaves_nothing(cases, translator, tmp_path):
    spoil(cases / "sub-1.nii.gz")
    [outcome] = translate_files(cases / "sub-1.nii.gz", tmp_path / "out" / "ct.nii.gz", translator)
    assert outcome.verdict == "failed"
    assert not (tmp_path / "out").exists()


class SliceFolder:
    """A format whose volume is a folder of slices, as DICOM is."""

    NAME, SUFFIXES = "slices", ()

    @staticmethod
    def matches(path):
        return path.is_dir() and any(path.glob("*.slice"))

    @staticmethod
    def files(path):
        return tuple(sorted(path.glob("*.slice")))

    @classmethod
    def read(cls, path):
        slices = [np.frombuffer(file.read_bytes(), np.int16).reshape(9, 8) for file in cls.files(path)]
        return Volume(np.stack(slices, axis=-1)[None], oblique())


def test_a_volume_may_be_a_folder_of_files(cases, translator, tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, SliceFolder))
    voxels = ball((9, 8, 7), seed=3)[0].astype(np.int16)
    (cases / "series.1").mkdir()
    for index in range(7):
        (cases / "series.1" / f"{index}.slice").write_bytes(voxels[0, :, :, index].tobytes())

    outcomes = translate_files(cases, tmp_path / "out", translator)
    assert verdicts(outcomes) == ["done"] * 5, outcomes
    assert outcomes[0].output == tmp_path / "out" / "series.1.nii.gz"
    assert np.array_equal(read_volume(outcomes[0].output).voxels, voxels)
    facts = json.loads((tmp_path / "out" / "series.1.json").read_text())
    assert facts["inputs"] == [{"file": "series.1", "sha256": hash_volume(cases / "series.1")}]

    assert verdicts(translate_files(cases, tmp_path / "out", translator, resume=True)) == ["skipped"] * 5
    (cases / "series.1" / "3.slice").write_bytes(bytes(9 * 8 * 2 - 4) + b"\x01\x02\x03\x04")
    assert verdicts(translate_files(cases, tmp_path / "out", translator, resume=True)) == ["done", *["skipped"] * 4]
    [alone] = translate_files(cases / "series.1", tmp_path / "one.nii.gz", translator)
    assert alone.verdict == "done", alone.message


def test_an_input_that_changes_between_its_hash_and_its_reading_is_refused(cases, translator, tmp_path, monkeypatch):
    read = translate_case.read_channels

    def read_and_change(paths, *how):
        volume = read(paths, *how)
        if paths[0].name == "sub-1.nii.gz":
            save_nifti(paths[0], ball((9, 8, 7), seed=9)[0], oblique())
        return volume

    monkeypatch.setattr(translate_case, "read_channels", read_and_change)
    outcomes = translate_files(cases, tmp_path / "out", translator)
    assert verdicts(outcomes) == ["done", "failed", "done", "done"]
    assert "sub-1.nii.gz: changed while it was read" in outcomes[1].message
    assert not list((tmp_path / "out").glob("sub-1*"))


def test_a_case_without_enough_memory_fails_as_the_environment_and_is_named(cases, translator, tmp_path, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(translator, "translate", full)
    outcomes = translate_files(cases, tmp_path / "out", translator)
    assert {outcome.exit_code for outcome in outcomes} == {5}
    assert "sub-0.nii.gz: does not fit into memory" in outcomes[0].message


def test_a_sparse_file_is_refused_by_its_header_before_it_is_hashed(cases, translator, tmp_path, monkeypatch):
    header = nib.Nifti1Header()
    header.set_data_shape((1100, 1100, 1100))
    header["magic"], header["vox_offset"] = b"n+1", 352
    with (cases / "sub-0.nii").open("wb") as file:
        file.write(header.binaryblock + bytes(4))
        file.truncate(352 + 4 * 1100**3)
    monkeypatch.setattr(translate_case, "free_bytes", lambda: 1 << 20)
    monkeypatch.setattr(translate_case, "hash_volume", lambda path: pytest.fail("was hashed"))
    [outcome] = translate_files(cases / "sub-0.nii", tmp_path / "out.nii.gz", translator)
    assert (outcome.verdict, outcome.exit_code) == ("failed", 3), outcome.message


def test_cases_named_as_the_deviation_of_another_never_meet_its_file(cases, translator, tmp_path):
    sources = [cases / "sub-0.nii.gz", cases / "sub-1.nii.gz"]
    with pytest.raises(UsageError, match="would have the same output as"):
        translate_files(sources, tmp_path / "out", translator, names=["a", "a_std"])


def test_a_deviation_never_replaces_an_input(cases, tmp_path):
    (cases / "sub-0.nii.gz").rename(cases / "a_std.nii.gz")
    both = Ensemble([translator_of(Same(), identity=Identity("toy", name)) for name in "ab"])
    with pytest.raises(UsageError, match=r"a_std\.nii\.gz: is an input"):
        translate_files(cases / "a_std.nii.gz", cases / "a.nii.gz", both, overwrite=True)


def test_permissions_of_a_replaced_file_are_kept(cases, translator, tmp_path):
    translate_files(cases, tmp_path / "out", translator)
    private = tmp_path / "out" / "sub-0.nii.gz"
    private.chmod(0o600)
    translate_files(cases, tmp_path / "out", translator, overwrite=True)
    assert private.stat().st_mode & 0o777 == 0o600


def test_one_case_is_not_shared_out(cases, translator, tmp_path):
    with pytest.raises(UsageError, match="one case is not shared out"):
        translate_files(cases / "sub-0.nii.gz", tmp_path / "out", translator, selection=Selection(part=(1, 4)))
    assert not (tmp_path / "out").exists()
