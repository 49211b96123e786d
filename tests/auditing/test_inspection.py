import json

import numpy as np
import pytest

from medtrans.auditing.gate.gate import Gate
from medtrans.auditing.inspection import Inspector, inspection_of
from medtrans.batching.translate_files import translate_files
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.reading.volumes import write_volume
from tests.auditing.gate.heads import HELD_OUT, image, signature
from tests.translating.stand_ins import Same, translator_of

MR_TO_CT = {"source_modality": "MR", "source_normalisation": Percentiles(), "target_modality": "CT"}


@pytest.fixture
def wrong(tmp_path):
    """An MR file that holds HU + 1024."""
    path = tmp_path / "wrong.nii.gz"
    write_volume(image().like(np.maximum(image("CT").voxels + 1024, 0).astype(np.float32)), path)
    return path


def outcome(path, *, force=False):
    inspector = Inspector((Gate(signature((HELD_OUT,))),), ("abc",), force)
    [one] = translate_files(path, path.with_name("ct.nii.gz"), translator_of(Same(), **MR_TO_CT), inspection=inspector)
    return one


def test_what_the_gate_refuses_is_not_translated_and_the_reason_is_said(wrong):
    one = outcome(wrong)
    assert (one.verdict, one.exit_code) == ("failed", 3)
    assert "HU + about 1024" in one.message
    assert "--force" in one.message
    assert not wrong.with_name("ct.nii.gz").exists()


def test_what_is_forced_is_translated_and_the_sidecar_says_so(wrong):
    one = outcome(wrong, force=True)
    facts = json.loads(wrong.with_name("ct.json").read_text())
    assert one.verdict == "done"
    assert facts["gate"] == {"sha256": ["abc"], "forced": ["other-modality"], "found": ["other-modality"]}
    assert "other-modality" in {finding["code"] for finding in facts["findings"]}


def test_a_translated_ct_is_asked_whether_it_is_plausible(tmp_path):
    path = tmp_path / "t1.nii.gz"
    write_volume(image(), path)
    one = outcome(path)
    answers = json.loads((tmp_path / "ct.json").read_text())["plausibility"]
    assert {answer["code"] for answer in answers} >= {"hu-brain", "contour", "skull-closed", "sinuses"}
    doubtful = [answer["code"] for answer in answers if answer["outcome"] == "doubtful"]
    [note] = [finding for finding in one.findings if finding.code == "implausible-output"]
    assert note.severity == "note", "this stand-in copies the MR, so that its HU are no CT's"
    assert note.numbers["doubtful"] == len(doubtful) > 0


def test_a_gate_takes_the_place_of_the_refusal_of_small_bodies(tmp_path):
    assert Inspector((Gate(signature((HELD_OUT,))),)).changes == {"smallest_body": None}
    assert inspection_of([tmp_path]).changes == {}, "without gate.json the model decides"
