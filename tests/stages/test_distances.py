import csv
import io
import json

import numpy as np
import pytest
import torch

from medtrans.core.errors import InputRefused, ModelRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.models.config import model_hash
from medtrans.models.folder import save_model
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.storage import sha256
from medtrans.reading.volumes import write_volume
from medtrans.stages.distances import measure
from tests.methods.blobs_toy import toy_method


def head(seed, *, worse=0.0, hounsfield=False):
    """A ball with a texture of its own, noisier where it is `worse`."""
    rng = np.random.default_rng(seed)
    i, j, k = np.ogrid[:16, :18, :14]
    inside = (i - 8) ** 2 + (j - 9) ** 2 + (k - 7) ** 2 < 36
    tissue = 100 + 20 * np.sin(i + rng.uniform(0, 3)) * np.cos(j) + (4 + worse) * rng.normal(size=inside.shape)
    return np.where(inside, np.maximum(tissue, 1), -1000 if hounsfield else 0).astype(np.float32)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    for name, count, worse, first in (("made", 5, 25.0, 100), ("good", 5, 0.0, 200), ("real", 8, 0.0, 0)):
        (root / name).mkdir()
        for number in range(count):
            volume = Volume(head(first + number, worse=worse)[None], np.eye(4))
            write_volume(volume, root / name / f"{number}.nii")
    return root


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segmenter") / "model"
    options = PreparingSettings(target_normalisation=Labels(labels=(1,)), slices=1, plane="coronal")
    network = {"name": "unet", "channels": [4, 8]}
    save_model(folder, toy_method("segmenter", network=network), Preparation(options, "MR", "labels"), {"name": "toy"})
    return folder


def values(found):
    return {line.metric.name: line for line in found.distances}


def test_noise_shows_beside_real_halves(folders):
    made, good = (measure(folders / name, folders / "real", slices=4) for name in ("made", "good"))
    assert values(made)["frechet"].generated.low > values(made)["frechet"].real.high
    assert values(good)["frechet"].generated.low < values(good)["frechet"].real.high
    assert values(made)["mmd"].p < 0.05 < values(good)["mmd"].p


def test_whatever_changes_the_numbers_is_said_in_every_form(folders):
    found = measure(folders / "good", folders / "real", "random", "volume")
    assert (found.meaning["generated volumes"], found.meaning["real volumes"]) == (5, 8)
    assert found.meaning["volumes of a half"] == 4
    assert "99.5th percentile" in found.meaning["intensities"]
    text, document = found.to_text(), json.loads(found.to_json())
    rows = list(csv.DictReader(io.StringIO(found.to_csv().decode())))
    assert "plane: volume" in text
    assert document["definition"]["plane"] == rows[0]["plane"] == "volume"
    assert document["distances"][0]["p"] is None
    assert "too few for 16 features" in text
    assert {row["metric"] for row in rows} == {str(line.metric) for line in found.distances}


def test_n_counts_volumes_and_subjects_are_recognised_by_their_names(folders, tmp_path):
    for number in range(4):
        write_volume(Volume(head(number)[None], np.eye(4)), tmp_path / "made" / f"sub-{number // 2}_ses-{number}.nii")
        write_volume(Volume(head(9 + number)[None], np.eye(4)), tmp_path / "real" / f"sub-{number + 1}.nii")
    found = measure(tmp_path / "made", tmp_path / "real", slices=2)
    first, second = (finding.sentence for finding in found.findings)
    assert first.startswith("generated: 4 volumes are of 2 subjects by their names; n counts volumes")
    assert second.startswith("subjects in both sets: 1 by their names")
    assert "unit: the volume" in found.to_text()
    assert not measure(folders / "good", folders / "real", slices=2).findings


def test_a_trained_segmenter_is_the_extractor_on_its_own_plane(folders, segmenter):
    found = measure(folders / "made", folders / "real", str(segmenter), slices=3)
    name = f"segmenter-{model_hash(segmenter)[:8]}"
    assert str(values(found)["frechet"].metric) == f"frechet[extractor={name}]"
    assert found.meaning["plane"] == "coronal"
    assert found.meaning["features"].startswith("8, standardised by all real images")
    with pytest.raises(UsageError, match="was trained on coronal images, not on axial"):
        measure(folders / "made", folders / "real", str(segmenter), "axial")
    with pytest.raises(UsageError, match="a model brings its own spacing"):
        measure(folders / "made", folders / "real", str(segmenter), spacing=2.0)


def test_a_file_is_an_extractor_too(folders, tmp_path):
    path = tmp_path / "eye.pt"
    torch.jit.trace(torch.nn.Conv2d(1, 4, 3), torch.zeros(1, 1, 16, 16)).save(str(path))
    found = measure(folders / "made", folders / "real", str(path), "sagittal", slices=3)
    assert str(values(found)["frechet"].metric) == f"frechet[extractor=eye-{sha256(path)[:8]}]"
    assert found.meaning["plane"] == "sagittal"
    assert found.meaning["features"].startswith("4, standardised")


def test_a_model_that_tells_no_features_is_refused(folders, tmp_path):
    options = PreparingSettings(slices=1)
    save_model(
        tmp_path, toy_method("regression", generator={"name": "unet", "channels": [4, 8]}), Preparation(options), {}
    )
    with pytest.raises(ModelRefused, match="has no features"):
        measure(folders / "made", folders / "real", str(tmp_path))


def test_a_bad_volume_is_listed_the_others_go_on_and_a_spread_is_no_image(folders, tmp_path):
    for number in range(3):
        write_volume(Volume(head(number)[None], np.eye(4)), tmp_path / f"{number}.nii")
    write_volume(Volume(head(0)[None], np.eye(4)), tmp_path / "0_std.nii")
    (tmp_path / "broken.nii").write_bytes(b"no volume")
    write_volume(Volume(np.full((1, 16, 18, 14), np.nan, np.float32), np.eye(4)), tmp_path / "nan.nii")
    found = measure(tmp_path, folders / "real", slices=3)
    assert found.meaning["generated volumes"] == 3
    assert {name.rpartition("/")[2] for name in found.failed} == {"broken.nii", "nan.nii"}
    assert "nan or infinite" in found.failed[str(tmp_path / "nan.nii")].what


def test_other_voxels_and_other_units_are_doubted(folders, tmp_path):
    made, real = tmp_path / "made", tmp_path / "real"
    for number in range(4):
        write_volume(Volume(head(number, hounsfield=True)[None], np.eye(4)), real / f"{number}.nii")
        unit = head(number, hounsfield=True)[None] if number else head(number)[None] / 200
        write_volume(Volume(unit, np.diag([1.5, 1, 1, 1])), made / f"{number}.nii")
    said = " ".join(finding.sentence for finding in measure(made, real, slices=3).findings)
    assert "0.nii: is declared as CT, but its values span 0 … " in said
    assert "voxels are 1 x 1 x 1 to 1.5 x 1 x 1 mm" in said
    assert "voxels" not in " ".join(finding.sentence for finding in measure(made, real, slices=3, spacing=1.0).findings)


def written(folder, images):
    for number, voxels in enumerate(images):
        write_volume(Volume(np.asarray(voxels)[None], np.eye(4)), folder / f"{number}.nii")
    return folder


KINDS = {
    "masks": lambda seed: (head(seed) > 1).astype(np.uint8),
    "label maps": lambda seed: (head(seed) // 30).clip(0, 5).astype(np.int16),
    "CT": lambda seed: head(seed, hounsfield=True),
    "MR": head,
    "MR in another unit": lambda seed: head(seed) * 1000,
}


@pytest.mark.parametrize(
    ("generated", "real"),
    [("masks", "CT"), ("CT", "masks"), ("label maps", "MR"), ("MR", "CT"), ("CT", "MR"), ("MR in another unit", "MR")],
)
def test_sets_of_different_kinds_are_refused(tmp_path, generated, real):
    sets = {name: written(tmp_path / name, [KINDS[name](seed) for seed in range(4)]) for name in (generated, real)}
    with pytest.raises(InputRefused, match=r"a distance between them has no meaning|which is no one unit"):
        measure(sets[generated], sets[real], slices=3)


@pytest.mark.parametrize("kind", ["CT", "MR"])
def test_sets_of_one_kind_are_measured(tmp_path, kind):
    one, other = (written(tmp_path / n, [KINDS[kind](s + 9 * len(n)) for s in range(4)]) for n in ("a", "bb"))
    assert measure(one, other, slices=3).distances


@pytest.mark.parametrize(
    ("change", "reason", "said"),
    [
        ({"view": "oblique"}, UsageError, "nothing is named 'oblique'"),
        ({"extractor": "inception"}, ModelRefused, "neither a model folder"),
        ({"slices": 40}, InputRefused, "0 volumes that can be assessed: has .* 40 are taken"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(folders, change, reason, said):
    with pytest.raises(reason, match=said):
        measure(folders / "good", folders / "real", **change)
    with pytest.raises(InputRefused, match="nowhere: does not exist"):
        measure(folders / "nowhere", folders / "real")
