import json

import numpy as np
import pytest

from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.phantoms import make_head, paint
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.translating.body import REFUSED_SHARE
from medtrans.translating.settings import TranslatingSettings
from tests.translating.stand_ins import Same, ball, save_nifti, translator_of

MR = {"source_modality": "MR", "source_normalisation": Percentiles(), "target_modality": "CT"}


def bent():
    """Two plates at a right angle, which fill little of their convex hull."""
    voxels = np.random.default_rng(0).uniform(0, 5, (1, 30, 30, 30))
    voxels[:, 4:9, 4:26, 4:26] += 200
    voxels[:, 4:26, 4:9, 4:26] += 200
    return Volume(voxels.astype(np.float32), np.diag([4.0, 4.0, 4.0, 1.0]))


def translate(volume, mask=None, **changes):
    return translator_of(Same(), **{**MR, "body_mask": "otsu", **changes}).translate(volume, mask, where="a")


@pytest.mark.parametrize("contrast", ["T1", "T2", "FLAIR"])
def test_of_a_whole_head_the_body_is_said_and_not_doubted(contrast):
    head = make_head(5, shape=(48, 54, 48), spacing=4.0)
    made = translate(paint(head, contrast, np.random.default_rng(0)))
    assert made.body.origin == "found"
    assert made.body.fraction == pytest.approx(np.mean(made.volume.voxels > -1024), abs=0.05)
    assert made.body.hull_fraction > 0.85
    assert "body-doubtful" not in {finding.code for finding in made.findings}


def test_a_body_that_fills_little_of_its_hull_is_doubted_with_its_share():
    [finding] = [one for one in translate(bent()).findings if one.code == "body-doubtful"]
    assert finding.severity == "warn"
    assert f"fills {finding.numbers['hull_fraction']:.0%} of its convex hull" in finding.what
    assert finding.numbers["hull_fraction"] < 0.8
    assert "air is written" in finding.consequence
    assert "--mask" in finding.advice


@pytest.mark.parametrize("share", [0.6, 0.8, 1.2])
def test_a_body_smaller_than_the_model_takes_is_doubted_and_a_much_smaller_one_refused(share):
    voxels, inside = ball((30, 30, 30), low=0, high=900)
    volume = Volume(np.abs(voxels), np.diag([4.0, 4.0, 4.0, 1.0]))
    mask = volume.like(inside[None].astype(np.uint8))
    litres = inside.sum() * 4**3 / 1e6
    translator = translator_of(Same(), TranslatingSettings(smallest_body=litres / share), **MR)
    if share < REFUSED_SHARE:
        with pytest.raises(InputRefused, match=f"has {litres:.1f} litres.*without skull and scalp.*--force"):
            translator.translate(volume, mask, where="a")
    else:
        found = translator.translate(volume, mask, where="a").findings
        assert ["body-small" in one.code for one in found] == [True] * (share < 1)
    assert translator.with_settings(smallest_body=None).translate(volume, mask).body.litres == pytest.approx(litres)


def test_a_mask_that_is_given_is_not_doubted_and_is_named_as_the_body():
    volume = bent()
    mask = volume.like((volume.voxels > 100).astype(np.uint8))
    made = translate(volume, mask)
    assert made.body.origin == "mask"
    assert made.body.fraction == pytest.approx(mask.voxels.mean())
    assert "body-doubtful" not in {finding.code for finding in made.findings}


def test_where_every_voxel_is_translated_there_is_no_body_unless_a_mask_is_given():
    volume = bent()
    assert translate(volume, body_mask="none").body is None
    assert translate(volume, volume.like(volume.voxels > 100), body_mask="none").body.origin == "mask"


@pytest.mark.parametrize("body_mask", ["otsu", "none"])
def test_the_sidecar_says_where_air_was_written(body_mask, tmp_path):
    voxels, inside = ball((24, 24, 24), low=0, high=900)
    path = save_nifti(tmp_path / "mr.nii.gz", np.abs(voxels), np.eye(4))
    translator = translator_of(Same(), **{**MR, "body_mask": body_mask})
    translate_files(path, tmp_path / "ct.nii.gz", translator)
    facts = json.loads((tmp_path / "ct.json").read_text())
    if body_mask == "none":
        assert facts["body"] is None
    else:
        assert (facts["body"]["origin"], facts["body"]["mask"]) == ("found", None)
        assert inside.mean() < facts["body"]["fraction"] < 1
        assert facts["body"]["hull_fraction"] > 0.8
