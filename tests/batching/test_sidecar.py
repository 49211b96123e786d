import json
from dataclasses import replace

import numpy as np

from medtrans import __version__
from medtrans.batching.sidecar import sidecar
from medtrans.core.digest import digest
from medtrans.core.finding import Finding
from medtrans.core.modality import find_modality
from medtrans.core.synthetic import DESCRIPTION
from medtrans.core.volume import Volume
from medtrans.evaluating.uncertainty import read_samples
from medtrans.preparing.intensity_scale import read_percentiles
from medtrans.translating.translation import Translation
from medtrans.translating.translator import Identity
from tests.translating.stand_ins import Same, translator_of


def test_the_sidecar_says_what_made_the_file_and_that_it_is_synthetic():
    identity = Identity("toy", "abc", {"medtrans": "0.0.9", "card": {"recipe_sha256": "r"}})
    translator = translator_of(Same(), identity=identity)
    volume = Volume(np.zeros((1, 2, 2, 2), np.int16), np.eye(4))
    finding = Finding(code="implausible-spacing", severity="warn", where="/data/mr.nii.gz", what="measures 9 mm")
    made = Translation(volume, find_modality("CT"), 0.125, 1.23456, (finding,))
    facts = json.loads(sidecar(made, translator, [("mr.nii.gz", "123")], [("ct.nii.gz", "456")]))
    assert facts["SYNTHETIC"] is True
    assert next(iter(facts)) == "SYNTHETIC"
    assert facts["medtrans"] == __version__
    assert facts["model"] == {
        "name": "toy",
        "sha256": "abc",
        "medtrans": "0.0.9",
        "recipe_sha256": "r",
        "preparation_sha256": digest(translator.preparation.to_dict()),
        "settings": translator.resolved_settings,
    }
    assert facts["device"] == "cpu"
    assert facts["inputs"] == [{"file": "mr.nii.gz", "sha256": "123"}]
    output = {"file": "ct.nii.gz", "sha256": "456", "modality": "CT", "unit": "HU", "type": "int16"}
    assert facts["output"] == {**output, "target_percentiles": []}
    [record] = facts["findings"]
    assert Finding.from_dict(record) == replace(finding, where="mr.nii.gz"), "folders are not named"
    assert facts["clipped_fraction"] == 0.125
    assert facts["seconds"] == 1.235
    assert facts["created"].endswith("+00:00")


def test_the_number_of_samples_stands_beside_their_standard_deviation(tmp_path):
    volume = Volume(np.zeros((1, 2, 2, 2), np.int16), np.eye(4))
    single = Translation(volume, find_modality("CT"), 0.0, 1.0)
    several = replace(single, uncertainty=volume, samples=8)
    translator = translator_of(Same())
    files = [("ct.v2.nii.gz", "1"), ("ct.v2_std.nii.gz", "2")]
    facts = [json.loads(sidecar(made, translator, [], files)) for made in (single, several)]
    assert [each["uncertainty"] for each in facts] == [
        None,
        {"file": "ct.v2_std.nii.gz", "sha256": "2", "samples": 8},
    ]
    path = tmp_path / "ct.json"
    for made, samples in ((single, None), (several, 8)):
        path.write_bytes(sidecar(made, translator, [], files))
        assert read_samples(path) == samples


def test_the_description_fits_the_header_field():
    assert DESCRIPTION.startswith("SYNTHETIC medtrans ")
    assert len(DESCRIPTION) < 80


def test_the_scale_of_the_training_targets_of_an_mr_stands_beside_it(tmp_path):
    translator = translator_of(Same())
    translator.preparation = replace(translator.preparation, target_percentiles=(812.5, 90.0))
    made = Translation(Volume(np.zeros((2, 2, 2, 2), np.float32), np.eye(4)), find_modality("MR"), 0.0, 1.0)
    (tmp_path / "t2.json").write_bytes(sidecar(made, translator, [], [("t2.nii.gz", "1")]))
    assert read_percentiles(tmp_path / "t2.json") == (812.5, 90.0)
    for damaged in (
        "",
        "[]",
        '{"output": {"target_percentiles": [null]}}',
        '{"output": {"target_percentiles": ["x"]}}',
    ):
        (tmp_path / "t2.json").write_text(damaged)
        assert read_percentiles(tmp_path / "t2.json") == ()
    assert read_percentiles(tmp_path / "none.json") == ()
