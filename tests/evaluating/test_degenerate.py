"""Drawn faults of translations, each called by its name, and sound translations, which are not doubted."""

import json

import numpy as np
import pytest
from scipy import ndimage

from medtrans.core.volume import Volume
from medtrans.evaluating.degenerate import CODES, degenerate
from medtrans.evaluating.folder_cases import evaluate_files
from medtrans.evaluating.results import to_json, to_text
from medtrans.evaluating.verdicts import headline, verdicts
from medtrans.reading.volumes import write_volume
from tests.evaluating.scored_volumes import ct, mask, mr

IMAGES = {"MR": mr, "CT": ct}
PRESETS = {"MR": "mr-percentile", "CT": "synthrad2023"}
AIR = {"MR": 0.0, "CT": -1024.0}
SEEDS = range(5)


def drawn(kind, modality, seed):
    """A translation with a fault of that kind, of a strength drawn at random, and its target."""
    rng, target = np.random.default_rng(seed), IMAGES[modality]()
    air, y = AIR[modality], target.voxels
    top = np.percentile(y, 99.5)
    if kind == "black":
        fake = air + rng.uniform(0.0, 0.15) * (top - air) * rng.random(y.shape)
    elif kind == "bright":
        fake = air + rng.uniform(8, 30) * (y - air)
    elif kind == "constant":
        fake = rng.uniform(0.4, 0.9) * (top - air) + air + rng.uniform(0, 0.005) * np.ptp(y) * rng.normal(size=y.shape)
    elif kind == "saturated":
        fake = np.minimum(y + 0.3 * rng.normal(size=y.shape), np.percentile(y[y > air], rng.uniform(40, 80)))
        fake = fake + 1e-3 * np.ptp(y) * rng.random(y.shape)
    else:
        fake = np.where(rng.random(y.shape) < rng.uniform(0.2, 0.6), y, rng.uniform(0.1, 0.6) * (top - air) + air)
    return target.like(fake.astype(np.float32)), target


def codes(translated, target, modality, inside=None):
    return [one.code for one in degenerate(translated, target, inside or mask(), modality=modality, case="a")]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["black", "bright", "constant", "saturated", "filled"])
@pytest.mark.parametrize("modality", IMAGES)
def test_a_fault_is_called_by_its_name(kind, modality, seed):
    assert codes(*drawn(kind, modality, seed), modality) == [f"{kind}-translation"]


@pytest.mark.parametrize("modality", IMAGES)
def test_air_around_the_body_fills_nothing_where_no_mask_is_given(modality):
    target, body = IMAGES[modality](), mask().voxels > 0
    noise = np.random.default_rng(0).random(target.voxels.shape)
    noisy = target.like(np.where(body, target.voxels, AIR[modality] + noise).astype(np.float32))
    made = target.like(np.where(body, target.voxels, AIR[modality]).astype(np.float32))
    assert degenerate(made, noisy, None, modality=modality, case="a") == []


@pytest.mark.parametrize("shift", [2.0, -2.0])
@pytest.mark.parametrize("modality", IMAGES)
def test_a_silhouette_beyond_the_values_of_the_target_is_named(shift, modality):
    target = IMAGES[modality]()
    y = target.voxels[:, mask().voxels[0] > 0]
    low, high = np.percentile(y, (0.5, 99.5))
    noise = 0.2 * (high - low) * np.random.default_rng(0).normal(size=target.voxels.shape)
    fake = (low + high) / 2 + shift * (high - low) / 2 + noise
    assert codes(target.like(fake.astype(np.float32)), target, modality)[0] in (
        "foreign-translation",
        "black-translation",
    )


def test_a_label_map_of_one_label_in_its_mask_has_no_values_to_be_foreign_to():
    target = mr().like((mask().voxels > 0).astype(np.uint8))
    missed = target.like(target.voxels * (np.indices(target.voxels.shape)[1] < 4))
    assert "foreign-translation" not in codes(missed, target, "MR")


SOUND = {
    "noise": lambda y, rng: y + rng.uniform(0.05, 0.3) * np.std(y) * rng.normal(size=y.shape),
    "blur": lambda y, rng: ndimage.gaussian_filter(y, (0, *[rng.uniform(0.3, 1.0)] * 3)),
    "half the gain": lambda y, rng: (y - y.min()) * rng.uniform(0.5, 2.0) + y.min(),
    "integers": lambda y, rng: np.round(y),
    "identical": lambda y, rng: y,
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("how", SOUND)
@pytest.mark.parametrize("modality", IMAGES)
def test_a_sound_translation_is_not_doubted(how, modality, seed):
    target = IMAGES[modality]()
    fake = SOUND[how](target.voxels, np.random.default_rng(seed))
    assert codes(target.like(fake.astype(np.float32)), target, modality) == []


def test_only_the_mask_counts():
    target = mr()
    outside = target.like(np.where(mask().voxels > 0, target.voxels, 1e6).astype(np.float32))
    assert codes(outside, target, "MR") == []
    assert codes(target, target, "MR", mask().like(0 * mask().voxels)) == []


def black_cyclegan():
    """Values that reach 16 where the target's reach 795, and resemble nothing."""
    rng, target = np.random.default_rng(0), mr()
    target = target.like(target.voxels * np.float32(795 / target.voxels.max()))
    fake = target.like((16 * rng.random(target.voxels.shape) * (mask().voxels > 0)).astype(np.float32))
    return fake, target


def test_a_black_cyclegan_is_called_out_in_the_terminal_in_the_json_and_first_in_the_verdicts(tmp_path):
    fake, target = black_cyclegan()
    for name, one in (("made", fake), ("target", target), ("mask", mask())):
        write_volume(one, tmp_path / f"{name}.nii.gz")
    paths = (tmp_path / f"{name}.nii.gz" for name in ("made", "target", "mask"))
    found = evaluate_files(*paths, "mr-percentile")
    assert [finding.code for finding in found.findings] == ["black-translation"]
    (finding,) = found.findings
    assert "is black" in finding.sentence
    assert finding.numbers["high"] == pytest.approx(16, abs=0.5)
    assert finding.numbers["target_high"] == pytest.approx(791, abs=6)
    assert headline(verdicts(found))[0].code == "degenerate-images"
    document = json.loads(to_json(found))
    assert document["findings"][0]["code"] == "black-translation"
    assert document["verdicts"][0]["outcome"] == "fail"
    assert "FAIL: Are the translations images" in to_text(found)


def test_the_right_image_in_another_unit_is_refused_as_that(tmp_path):
    target = mr()
    for name, one in (("made", mr(noise=3.0, scale=0.01)), ("target", target), ("mask", mask())):
        write_volume(one, tmp_path / f"{name}.nii.gz")
    paths = (tmp_path / f"{name}.nii.gz" for name in ("made", "target", "mask"))
    found = evaluate_files(*paths, "mr-percentile")
    assert [finding.code for finding in found.failed.values()] == ["other-unit"]


def test_every_channel_is_checked():
    fake, target = black_cyclegan()
    two = [
        np.concatenate([first, second]) for first, second in ((mr().voxels, fake.voxels), (mr().voxels, target.voxels))
    ]
    assert codes(*(Volume(voxels, target.affine) for voxels in two), "MR") == ["black-translation"]
    assert set(CODES) == {
        f"{kind}-translation" for kind in ("black", "bright", "constant", "saturated", "filled", "foreign")
    }
