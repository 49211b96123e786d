import json
from dataclasses import replace

import numpy as np
import pytest

from medtrans.auditing.gate.gate import Gate
from medtrans.auditing.gate.measure import measurable, measure
from medtrans.auditing.gate.signature import GATE, Signature, read_signature, write_signature
from medtrans.core.errors import ModelRefused
from medtrans.core.image_kinds import hu_offset
from medtrans.core.volume import Volume
from medtrans.degradations.ghosting import Ghosting
from medtrans.models.zoo import shipped
from medtrans.phantoms.contrasts import paint
from tests.auditing.gate.heads import HELD_OUT, SPACING, brain, codes, head, image, signature, with_header


def crop(volume, *, above=0, below=0):
    """Without so many slices at the top and at the bottom."""
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [0, 0, below]
    return Volume(volume.voxels[..., below : volume.shape[2] - above], affine)


def vertex_cut(volume, slices=8):
    top = np.flatnonzero(head(4).body.any(axis=(0, 1)))[-1]
    return crop(volume, above=volume.shape[2] - int(top) + slices)


def with_value(volume, value):
    voxels = (volume.voxels * (1000 / volume.voxels.max())).astype(np.int16)
    voxels.flat[:5] = value
    return volume.like(voxels)


def zero_filled(volume, measured=0.6):
    """With zeros beyond a share of the frequencies along two axes; a real image, not a magnitude."""
    spectrum = np.fft.fftn(volume.voxels[0], axes=(0, 1))
    i, j = (np.abs(np.fft.fftfreq(side)) < measured / 2 for side in volume.shape[:2])
    return volume.like(np.fft.ifftn(spectrum * np.outer(i, j)[..., None], axes=(0, 1)).real)


def z_scored(volume):
    inside = volume.voxels[0][head(4).body]
    return volume.like(np.where(head(4).body, (volume.voxels - inside.mean()) / inside.std(), 0))


def defaced(volume):
    """Erased to 0 below the brow, in front of the ears."""
    points = np.argwhere(np.ones(volume.shape, bool)) @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    body = points[head(4).body.ravel()]
    erased = (points[:, 1] > np.median(body[:, 1]) + 30) & (points[:, 2] < body[:, 2].max() - 100)
    noisy = np.abs(volume.voxels + np.random.default_rng(0).normal(0, 5, volume.voxels.shape))
    return volume.like(np.where(erased.reshape(volume.shape), 0, noisy))


FAULTS = {
    "upside-down": lambda one: with_header(one, 1, -1, -1),
    "front-to-back": lambda one: with_header(one, -1, -1, 1),
    "truncated-vertex": vertex_cut,
    "skull-stripped": lambda one: one.like(np.where(brain(), one.voxels, 0)),
    "small-head": lambda one: with_header(one, 0.6, 0.6, 0.6),
    "thick-slices": lambda one: Volume(one.voxels[..., ::4], one.affine @ np.diag([1.0, 1.0, 4.0, 1.0])),
    "already-normalised": z_scored,
    "int16-extremes": lambda one: with_value(one, -32768),
    "ghosts": lambda one: Ghosting().apply(one, strength=0.9, ghosts=3, phase="back_front"),
    "defaced": defaced,
    "other-contrast": lambda one: image("T2"),
    "noisy": lambda one: one.like(np.abs(one.voxels + np.random.default_rng(0).normal(0, 500, one.voxels.shape))),
    "other-modality": lambda one: one.like(np.maximum(image("CT").voxels + 1024, 0)),
}


def test_a_proper_image_of_another_head_passes():
    assert codes(image()) == {}


def test_a_proper_ct_of_another_head_passes():
    gate = Gate(Signature.fit((image("CT", seed) for seed in range(3)), "CT"), subtracted=False)
    assert gate.findings(image("CT"), "a") == ()


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_is_found_by_its_name(code):
    assert code in codes(FAULTS[code](image()))


def test_ghosts_are_found_where_no_air_is_left_and_beside_an_offset():
    inside = np.argwhere(head(HELD_OUT).body)
    low, high = inside.min(axis=0), inside.max(axis=0) + 1
    tight = image().voxels[0][tuple(map(slice, low, high))]
    ghosted = tight + 0.4 * np.roll(tight, tight.shape[1] // 2, axis=1) + 50
    assert "ghosts" in codes(Volume(ghosted[None], image().affine))
    assert "ghosts" not in codes(Volume(tight[None] + 50, image().affine))


def test_ghosts_are_found_in_noise_and_noise_alone_has_none():
    typical = np.median(image().voxels[0][head(4).body])
    real, imaginary = np.random.default_rng(0).normal(0, 0.15 * typical, (2, *image().voxels.shape))
    ghosted = Ghosting().apply(image(), strength=0.8, ghosts=2, phase="back_front")
    assert "ghosts" in codes(ghosted.like(np.hypot(ghosted.voxels + real, imaginary)))
    assert "ghosts" not in codes(image().like(np.hypot(image().voxels + real, imaginary)))


@pytest.mark.parametrize("seed", [4, 6])
def test_the_edges_of_an_image_without_noise_are_no_noise(seed):
    """Taken for it and subtracted, they would leave an echo of 0.10 where the top of a head is cut off."""
    clean = paint(head(seed), "T1", np.random.default_rng(0), noise=0, bias=0)
    cut = Volume(clean.voxels[..., :40].astype(np.float32), clean.affine)
    assert measure(cut, measurable(cut)).numbers["echo"] < 0.09


def test_an_image_with_zeros_filled_into_its_spectrum_has_no_ghosts():
    """Scanners interpolate so; the edge of the measured part is no echo. Ghosts in such an image are still found."""
    assert "ghosts" not in codes(zero_filled(image()))
    ghosted = Ghosting().apply(image(), strength=0.9, ghosts=3, phase="back_front")
    assert "ghosts" in codes(zero_filled(ghosted))


def test_what_explains_other_findings_stands_alone():
    assert set(codes(FAULTS["skull-stripped"](image()))) == {"skull-stripped"}
    assert set(codes(FAULTS["upside-down"](image()))) == {"upside-down"}


def test_a_brain_alone_is_what_a_model_was_trained_with_that_had_some():
    seeds = range(4)
    images = [image("T1", seed) for seed in seeds]
    brains = [one.like(np.where(brain(seed), one.voxels, 0)) for seed, one in zip(seeds, images, strict=True)]
    gate = Gate(Signature.fit([*images, *brains], "MR"))
    for one in (image(), FAULTS["skull-stripped"](image())):
        assert "skull-stripped" not in [finding.code for finding in gate.findings(one, "a")]


def test_another_modality_is_refused_and_the_rest_is_doubted():
    severities = {code: codes(fault(image()))[code] for code, fault in FAULTS.items()}
    assert severities.pop("other-modality") == "refuse"
    assert severities.pop("other-contrast") in ("warn", "refuse")
    assert set(severities.values()) == {"warn"}


@pytest.mark.parametrize(("contrast", "factor"), [("T1", 3.2), ("T2", 6.25), ("PD", 1.5)])
def test_an_mr_is_no_ct_because_its_tissue_happens_to_lie_at_1024(contrast, factor):
    scaled = image(contrast).like(image(contrast).voxels * factor)
    assert hu_offset(scaled.voxels) == 1024
    assert "other-modality" not in codes(scaled)


def test_an_offset_matters_where_air_is_not_subtracted():
    shifted = image().like(image().voxels + 2 * np.median(image().voxels[0][head(4).body]))
    assert codes(shifted)["offset"] == "note"
    assert codes(shifted, subtracted=False)["offset"] == "warn"


def test_a_model_for_any_contrast_takes_another_contrast():
    any_contrast = replace(signature(), any_contrast=True)
    assert "other-contrast" not in {one.code for one in Gate(any_contrast).findings(image("T2"), "a")}


def test_a_model_that_takes_ct_is_given_one_and_no_ct_with_an_offset():
    taking = replace(signature(), any_contrast=True)
    ct, shifted = image("CT"), FAULTS["other-modality"](image())
    assert [one.code for one in Gate(taking).findings(ct, "a")] == ["other-modality"]
    assert not [one for one in Gate(taking, takes_ct=True).findings(ct, "a") if one.severity == "refuse"]
    assert "other-modality" in [one.code for one in Gate(taking, takes_ct=True).findings(shifted, "a")]


def test_an_image_of_few_voxels_is_not_measured():
    assert codes(Volume(np.ones((1, 40, 40, 1), np.float32), np.eye(4))) == {}
    assert codes(Volume(np.zeros((1, 20, 20, 20), np.float32), np.eye(4))) == {}


def test_slices_as_thick_as_in_training_are_no_finding():
    trained = replace(signature(), slices_mm=4 * SPACING)
    found = Gate(trained).findings(FAULTS["thick-slices"](image()), "a")
    assert "thick-slices" not in {one.code for one in found}


def test_a_signature_is_read_as_it_was_written_and_refused_where_it_is_damaged(tmp_path):
    assert read_signature(tmp_path) is None
    write_signature(tmp_path, signature())
    again = read_signature(tmp_path)
    assert isinstance(again, Signature)
    assert again.to_dict() == signature().to_dict()
    document = json.loads((tmp_path / GATE).read_text())
    document["slices_mm"] = 99
    (tmp_path / GATE).write_text(json.dumps(document))
    with pytest.raises(ModelRefused, match="checksum"):
        read_signature(tmp_path)


@pytest.mark.parametrize("model", shipped(), ids=lambda model: model.name)
def test_shipped_models_know_what_they_may_not_be_given(model):
    assert all(read_signature(member) for member in model.members)
