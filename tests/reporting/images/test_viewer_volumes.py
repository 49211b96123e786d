import base64
import gzip
from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.reading.volumes import read_volume
from medtrans.reporting.images.layers import layers
from medtrans.reporting.images.viewer_volumes import MAX_STEP, NAN_STEP, max_voxels_for, pack_for_viewer
from tests.reporting.report_volumes import example_case, segmented


def unpacked(layer, folder):
    """Integer steps (i, j, k) as the viewer gets them, and their affine."""
    path = folder / f"{layer['role']}.nii"
    path.write_bytes(gzip.decompress(base64.b64decode(layer["data"])))
    found = read_volume(path)
    return found.voxels[0], found.affine


def roles(found):
    return {layer["role"]: layer for layer in found.data["layers"]}


def test_a_small_case_is_stored_whole_and_exact(tmp_path):
    case = example_case()
    found = pack_for_viewer(layers(case))
    assert list(roles(found)) == ["source", "target", "translated", "difference", "mask"]
    steps, affine = unpacked(roles(found)["target"], tmp_path)
    assert np.array_equal(steps, np.rint(case.target.voxels[0]))
    assert np.array_equal(affine, case.target.affine)
    mask, _ = unpacked(roles(found)["mask"], tmp_path)
    assert np.array_equal(mask, case.mask.voxels[0])


def test_the_viewer_computes_the_difference_in_the_steps_of_both():
    found = roles(pack_for_viewer(layers(example_case(modality="MR"))))
    assert "data" not in found["difference"]
    assert found["difference"]["step"] == found["target"]["step"] == found["translated"]["step"]
    assert found["difference"]["windows"][0][0] == -found["difference"]["windows"][0][1]


def test_blocks_are_means_at_the_position_of_their_centre(tmp_path):
    case = example_case(shape=(20, 24, 16), spacing=(1.0, 1.0, 2.0))
    found = pack_for_viewer(layers(case), max_voxels=2000)
    assert "averaged in blocks of 2 × 2 × 1 voxels" in found.text
    small, affine = unpacked(roles(found)["target"], tmp_path)
    assert small.shape == (10, 12, 16)
    true = case.target.voxels[0]
    assert small[3, 4, 5] == np.rint(true[6:8, 8:10, 5].mean())
    assert np.allclose(affine @ [0, 0, 0, 1], case.target.affine @ [0.5, 0.5, 0, 1])


def test_only_the_body_and_its_margin_are_stored(tmp_path):
    case = example_case(shape=(60, 60, 60), spacing=(3.0, 3.0, 3.0))
    inside = np.zeros((1, 60, 60, 60), np.uint8)
    inside[0, 20:30, 25:35, 10:50] = 1
    found = pack_for_viewer(layers(replace(case, mask=case.mask.like(inside))))
    steps, affine = unpacked(roles(found)["target"], tmp_path)
    assert steps.shape == (20, 20, 50)
    assert np.array_equal(steps, np.rint(case.target.voxels[0, 15:35, 20:40, 5:55]))
    assert np.array_equal(affine[:3, 3], [45, 60, 15])


def test_the_order_of_storage_does_not_matter(tmp_path):
    case = example_case()
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = case.target.shape[0] - 1

    def turned(volume):
        return Volume(np.ascontiguousarray(volume.voxels[:, ::-1]), volume.affine @ flip)

    other = replace(case, **{role: turned(getattr(case, role)) for role in ("source", "target", "translated", "mask")})
    assert pack_for_viewer(layers(other)).data == pack_for_viewer(layers(case)).data


def test_values_without_a_unit_keep_a_five_hundredth_of_their_window(tmp_path):
    case = example_case(modality="MR")
    small = case.target.like(((case.target.voxels + 1024) / 2000).astype(np.float32))
    other = replace(case, target=small, translated=small)
    layer = roles(pack_for_viewer(layers(other)))["target"]
    steps, _ = unpacked(layer, tmp_path)
    low, high = layer["windows"][0]
    assert (high - low) / layer["step"] == pytest.approx(500, rel=0.4)
    assert np.abs(steps * layer["step"] - small.voxels[0]).max() <= layer["step"]


def test_nan_is_marked_and_large_values_are_clipped_and_reported(tmp_path):
    case = example_case()
    voxels = case.target.voxels.copy()
    voxels[0, 10, 12, 8], voxels[0, 11, 12, 8] = np.nan, 30_000
    found = pack_for_viewer(layers(replace(case, target=case.target.like(voxels))))
    steps, _ = unpacked(roles(found)["target"], tmp_path)
    assert (steps[10, 12, 8], steps[11, 12, 8]) == (NAN_STEP, MAX_STEP)
    assert "clipped to ±16384" in found.text
    assert "clipped" not in pack_for_viewer(layers(case)).text


def test_label_maps_are_stored_as_labels_with_the_names_of_the_classes(tmp_path):
    case = segmented(example_case())
    found = roles(pack_for_viewer(layers(case), max_voxels=2000))
    assert found["target_structures"]["classes"] == ["bone", "soft tissue"]
    numbers, affine = unpacked(found["target_structures"], tmp_path)
    assert set(np.unique(numbers)) == {0, 1, 2}
    assert np.array_equal(affine, unpacked(found["target"], tmp_path)[1])
    assert np.array_equal(numbers, case.structures["target"].voxels[0, 1::2, 1::2])
    assert numbers.shape == (10, 12, 16)


@pytest.mark.parametrize("flat", [0, 1, 2])
def test_a_single_slice_is_stored_whole(tmp_path, flat):
    case = example_case(shape=tuple(np.insert([30, 32], flat, 1)))
    found = pack_for_viewer(layers(case), max_voxels=500)
    assert list(roles(found)) == ["source", "target", "translated", "difference", "mask"]
    small, _ = unpacked(roles(found)["target"], tmp_path)
    assert small.shape[flat] == 1
    assert 100 < small.size <= 500
    steps, affine = unpacked(roles(pack_for_viewer(layers(case)))["target"], tmp_path)
    assert np.array_equal(steps, np.rint(case.target.voxels[0]))
    assert np.array_equal(affine, case.target.affine)


def test_a_line_of_voxels_has_no_viewer():
    assert pack_for_viewer(layers(example_case(shape=(30, 1, 1)))) is None


def test_many_example_case_cases_share_the_max_voxels_for():
    assert max_voxels_for(1) == max_voxels_for(3) == 1_000_000
    assert max_voxels_for(30) == 100_000


def test_equal_volumes_are_equal_bytes():
    assert pack_for_viewer(layers(example_case())) == pack_for_viewer(layers(example_case()))
