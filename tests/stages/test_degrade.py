import json

import numpy as np
import pytest

from medtrans.cli import run_command
from medtrans.core.sealed_json import seal
from medtrans.core.volume import Volume
from medtrans.reading.volumes import read_volume, write_volume
from tests.degradations.ct_cylinder import cylinder
from tests.degradations.images import relative


@pytest.fixture
def scans(tmp_path):
    """Two MR and a CT; the intensities of the MR have no unit."""
    mr = relative((1, 16, 15, 14))
    for name, gain in (("a", 300), ("b", 700)):
        write_volume(Volume((gain * mr.voxels).astype(np.int16), mr.affine), tmp_path / "mr" / f"{name}.nii.gz")
    ct = cylinder(side=48, slices=2, spacing=4.0)
    write_volume(Volume(ct.voxels.astype(np.int16), ct.affine), tmp_path / "ct.nii.gz")
    return tmp_path


def degrade(*words):
    return run_command(["degrade", *map(str, words)])


def test_a_chain_is_applied_in_order_and_recorded(scans):
    out = scans / "out.nii.gz"
    steps = ["--with", "thick_slices:millimetres=4,plane=axial", "--with", "rician_noise:snr=20"]
    assert degrade("-i", scans / "mr/a.nii.gz", "-o", out, *steps) == 0
    facts = json.loads((scans / "out.json").read_bytes())
    assert [step["name"] for step in facts["degradations"]] == ["thick_slices", "rician_noise"]
    assert facts["degradations"][1]["parameters"]["snr"] == 20
    worse = read_volume(out)
    assert worse.spacing == pytest.approx((1, 1.5, 4))
    assert facts["output"]["millimetres"] == pytest.approx([1, 1.5, 4])
    assert 150 < np.percentile(worse.voxels, 99.5) < 400


def test_the_record_gives_the_same_voxels_again(scans):
    source = scans / "mr/a.nii.gz"
    assert degrade("-i", source, "-o", scans / "x.nii.gz", "--with", "motion", "--with", "ghosting", "--seed", 5) == 0
    assert degrade("-i", source, "-o", scans / "y.nii.gz", "--replay", scans / "x.json") == 0
    assert np.array_equal(read_volume(scans / "x.nii.gz").voxels, read_volume(scans / "y.nii.gz").voxels)


def test_one_of_several_is_drawn_for_each_volume_and_what_was_drawn_is_replayed(scans):
    words = ["--with", "motion@0.3|spike&gain@0.4|ghosting@0.3", "--with", "gamma@0"]
    drawn = set()
    for seed in range(6):
        out = scans / f"{seed}.nii.gz"
        assert degrade("-i", scans / "mr/a.nii.gz", "-o", out, *words, "--seed", seed) == 0
        record = json.loads(out.with_name(f"{seed}.json").read_bytes())["degradations"]
        drawn.add(tuple(step["name"] for step in record))
    assert drawn == {("motion",), ("spike", "gain"), ("ghosting",)}


def test_where_nothing_was_drawn_the_image_stays_as_it_is_and_that_is_replayed_too(scans):
    source = scans / "mr/a.nii.gz"
    assert degrade("-i", source, "-o", scans / "x.nii.gz", "--with", "motion@0") == 0
    assert read_volume(scans / "x.nii.gz").voxels == pytest.approx(read_volume(source).voxels, rel=1e-6)
    assert degrade("-i", source, "-o", scans / "y.nii.gz", "--replay", scans / "x.json") == 0


def test_a_folder_gives_what_each_file_alone_gives_and_each_is_drawn_anew(scans):
    step = ["--with", "spike"]
    assert degrade("-i", scans / "mr", "-o", scans / "all", *step) == 0
    assert degrade("-i", scans / "mr/b.nii.gz", "-o", scans / "alone" / "b.nii.gz", *step) == 0
    together = read_volume(scans / "all/b.nii.gz").voxels
    assert np.array_equal(together, read_volume(scans / "alone/b.nii.gz").voxels)
    records = [json.loads((scans / f"all/{name}.json").read_bytes())["degradations"] for name in "ab"]
    assert records[0] != records[1]


def test_a_ct_is_degraded_in_hounsfield_units_and_stays_an_integer(scans):
    assert degrade("-i", scans / "ct.nii.gz", "-o", scans / "low.nii.gz", "--with", "low_dose:dose=0.2") == 0
    before, after = (read_volume(scans / name).voxels for name in ("ct.nii.gz", "low.nii.gz"))
    assert after.dtype == np.int16
    assert 0 < np.abs(after.astype(float) - before)[before > -500].mean() < 60
    assert after.min() >= -1024


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--with", "blurr"], 2, "did you mean 'blur'"),
        (["--with", "blur:mm=3"], 2, "no setting named 'mm'"),
        (["--with", "low_dose:dose=3"], 2, "give at most 1"),
        (["--with", "blur"], 2, "give --modality MR"),
        (["--with", "motion", "--with", "low_dose"], 2, "no kind of image in common"),
        (["--with", "motion", "--modality", "CT"], 2, "is no degradation of CT"),
        (["--with", "low_dose"], 3, "no CT in HU"),
        (["--with", "blur:millimetres=5..3", "--modality", "MR"], 2, "no range from low to high"),
        ([], 2, "--replay"),
        (["--with", "low_dose:dose=3"], 2, "dose is from 0 to 1 of the dose"),
        (["--with", "sparse_views:views=2"], 2, "views is from 4 to 360 views"),
        (["--with", "motion:millimetres=-1"], 2, "millimetres is at least 0 mm and degrees"),
        (["--with", "motion@1.5"], 2, "no probability from 0 to 1"),
        (["--with", "motion@0.5|spike"], 2, "give all or none"),
        (["--with", "motion@0.8|spike@0.8"], 2, "at most 1 together"),
        (["--with", "motion|low_dose"], 2, "no kind of image in common"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence_and_nothing_is_written(scans, words, code, sentence, capfd):
    assert degrade("-i", scans / "mr/a.nii.gz", "-o", scans / "out.nii.gz", *words) == code
    assert sentence in capfd.readouterr().err
    assert not (scans / "out.nii.gz").exists()


def test_an_output_is_not_replaced_unasked_and_an_input_never(scans, capfd):
    source = scans / "mr/a.nii.gz"
    words = ["-i", source, "-o", scans / "out.nii.gz", "--with", "motion"]
    assert degrade(*words) == 0
    assert degrade(*words) == 2
    assert degrade(*words, "--overwrite") == 0
    assert degrade("-i", source, "-o", source, "--with", "motion", "--overwrite") == 2
    assert "is an input" in capfd.readouterr().err


def test_a_volume_of_a_folder_that_fails_is_named_and_the_others_are_degraded(scans, capfd):
    (scans / "mr/c.nii.gz").write_bytes(b"no volume")
    assert degrade("-i", scans / "mr", "-o", scans / "all", "--with", "motion") == 1
    assert "c.nii.gz" in capfd.readouterr().err
    assert {file.name for file in (scans / "all").glob("*.nii.gz")} == {"a.nii.gz", "b.nii.gz"}


@pytest.mark.parametrize(
    "parameters", [{}, {"foo": 1}, {"amplitude": "a", "wavelength": 3, "direction": [1], "phase": 0}]
)
def test_a_record_that_was_changed_is_refused(scans, parameters, capfd):
    record = {"SYNTHETIC": True, "degradations": [{"name": "spike", "parameters": parameters}]}
    (scans / "changed.json").write_bytes(seal(record))
    assert degrade("-i", scans / "mr/a.nii.gz", "-o", scans / "o.nii.gz", "--replay", scans / "changed.json") == 3
    assert "do not fit" in capfd.readouterr().err


def test_a_sidecar_of_something_else_is_no_record(scans, capfd):
    (scans / "other.json").write_bytes(seal({"SYNTHETIC": True}))
    assert degrade("-i", scans / "mr/a.nii.gz", "-o", scans / "o.nii.gz", "--replay", scans / "other.json") == 3
    assert "no record of degradations" in capfd.readouterr().err


def test_a_flipped_digit_of_a_record_is_noticed(scans, capfd):
    assert degrade("-i", scans / "mr/a.nii.gz", "-o", scans / "x.nii.gz", "--with", "ghosting:strength=0.5") == 0
    sidecar = scans / "x.json"
    sidecar.write_bytes(sidecar.read_bytes().replace(b'"strength": 0.5', b'"strength": 0.4'))
    assert degrade("-i", scans / "mr/b.nii.gz", "-o", scans / "y.nii.gz", "--replay", sidecar) == 3
    assert "does not agree with its checksum" in capfd.readouterr().err
    assert not (scans / "y.nii.gz").exists()


def test_a_label_map_goes_with_its_volume_and_the_replay_asks_for_it(scans, capfd):
    source, maps = scans / "mr/a.nii.gz", scans / "maps"
    volume = read_volume(source)
    labels = np.where(volume.voxels > 100, 3, 0).astype(np.int16)
    for name in ("a", "b"):
        write_volume(Volume(labels, volume.affine), maps / f"{name}.nii.gz")
    step = ["--with", "low_field:tesla=0.064"]
    assert degrade("-i", scans / "mr", "-o", scans / "all", *step, "--labels", maps) == 0
    assert degrade("-i", source, "-o", scans / "plain.nii.gz", *step) == 0
    with_map, plain = (read_volume(scans / name).voxels for name in ("all/a.nii.gz", "plain.nii.gz"))
    assert not np.array_equal(with_map, plain)
    words = ["-i", source, "-o", scans / "again.nii.gz", "--replay", scans / "all/a.json"]
    assert degrade(*words) == 2
    assert "give --labels too" in capfd.readouterr().err
    assert degrade(*words, "--labels", maps / "a.nii.gz") == 0
    assert np.array_equal(read_volume(scans / "again.nii.gz").voxels, with_map)
    (maps / "b.nii.gz").unlink()
    assert degrade("-i", scans / "mr", "-o", scans / "more", *step, "--labels", maps) == 3
