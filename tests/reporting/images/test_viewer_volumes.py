import base64
import gzip
from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.reading.files import read_volume
from medtrans.reporting.images.layers import layers
from medtrans.reporting.images.viewer_volumes import HIGHEST, NOTHING, pack_for_viewer, room
from tests.reporting.report_volumes import pictured, segmented


def unpacked(layer, folder):
    """What a viewer gets: whole steps (i, j, k), and where they lie."""
    path = folder / f"{layer['role']}.nii"
    path.write_bytes(gzip.decompress(base64.b64decode(layer["data"])))
    found = read_volume(path)
    return found.voxels[0], found.affine


def roles(found):
    return {layer["role"]: layer for layer in found.data["layers"]}


def test_a_small_case_travels_whole_and_exact(tmp_path):
    case = pictured()
    found = pack_for_viewer(layers(case))
    assert list(roles(found)) == ["source", "target", "translated", "difference", "mask"]
    steps, affine = unpacked(roles(found)["target"], tmp_path)
    assert np.array_equal(steps, np.rint(case.target.voxels[0]))
    assert np.array_equal(affine, case.target.affine)
    mask, _ = unpacked(roles(found)["mask"], tmp_path)
    assert np.array_equal(mask, case.mask.voxels[0])


def test_the_difference_is_left_to_the_viewer_in_the_steps_of_both():
    found = roles(pack_for_viewer(layers(pictured(), hounsfield=False)))
    assert "data" not in found["difference"]
    assert found["difference"]["step"] == found["target"]["step"] == found["translated"]["step"]
    assert found["difference"]["windows"][0][0] == -found["difference"]["windows"][0][1]


def test_blocks_are_means_at_the_place_of_their_centre(tmp_path):
    case = pictured(shape=(20, 24, 16), spacing=(1.0, 1.0, 2.0))
    found = pack_for_viewer(layers(case), most=2000)
    assert "each voxel the mean of 2 × 2 × 1 of the case's own" in found.words
    small, affine = unpacked(roles(found)["target"], tmp_path)
    assert small.shape == (10, 12, 16)
    true = case.target.voxels[0]
    assert small[3, 4, 5] == np.rint(true[6:8, 8:10, 5].mean())
    assert np.allclose(affine @ [0, 0, 0, 1], case.target.affine @ [0.5, 0.5, 0, 1])


def test_only_the_body_and_its_margin_travel(tmp_path):
    case = pictured(shape=(60, 60, 60), spacing=(3.0, 3.0, 3.0))
    inside = np.zeros((1, 60, 60, 60), np.uint8)
    inside[0, 20:30, 25:35, 10:50] = 1
    found = pack_for_viewer(layers(replace(case, mask=case.mask.like(inside))))
    steps, affine = unpacked(roles(found)["target"], tmp_path)
    assert steps.shape == (20, 20, 50)
    assert np.array_equal(steps, np.rint(case.target.voxels[0, 15:35, 20:40, 5:55]))
    assert np.array_equal(affine[:3, 3], [45, 60, 15])


def test_the_order_of_storage_does_not_matter(tmp_path):
    case = pictured()
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = case.target.shape[0] - 1

    def turned(volume):
        return Volume(np.ascontiguousarray(volume.voxels[:, ::-1]), volume.affine @ flip)

    other = replace(case, **{role: turned(getattr(case, role)) for role in ("source", "target", "translated", "mask")})
    assert pack_for_viewer(layers(other)).data == pack_for_viewer(layers(case)).data


def test_values_without_a_unit_keep_a_five_hundredth_of_their_window(tmp_path):
    case = pictured()
    small = case.target.like(((case.target.voxels + 1024) / 2000).astype(np.float32))
    other = replace(case, target=small, translated=small)
    layer = roles(pack_for_viewer(layers(other, hounsfield=False)))["target"]
    steps, _ = unpacked(layer, tmp_path)
    low, high = layer["windows"][0]
    assert (high - low) / layer["step"] == pytest.approx(500, rel=0.4)
    assert np.abs(steps * layer["step"] - small.voxels[0]).max() <= layer["step"]


def test_nan_is_marked_and_values_beyond_are_cut_and_said(tmp_path):
    case = pictured()
    voxels = case.target.voxels.copy()
    voxels[0, 10, 12, 8], voxels[0, 11, 12, 8] = np.nan, 30_000
    found = pack_for_viewer(layers(replace(case, target=case.target.like(voxels))))
    steps, _ = unpacked(roles(found)["target"], tmp_path)
    assert (steps[10, 12, 8], steps[11, 12, 8]) == (NOTHING, HIGHEST)
    assert "cut at ±16384" in found.words
    assert "cut at" not in pack_for_viewer(layers(case)).words


def test_label_maps_travel_as_numbers_of_whole_voxels_with_their_names(tmp_path):
    case = segmented(pictured())
    found = roles(pack_for_viewer(layers(case), most=2000))
    assert found["target_structures"]["classes"] == ["bone", "soft tissue"]
    numbers, affine = unpacked(found["target_structures"], tmp_path)
    assert set(np.unique(numbers)) == {0, 1, 2}
    assert np.array_equal(affine, unpacked(found["target"], tmp_path)[1])
    assert np.array_equal(numbers, case.structures["target"].voxels[0, 1::2, 1::2])
    assert numbers.shape == (10, 12, 16)


def test_a_single_slice_has_nothing_to_look_through():
    assert pack_for_viewer(layers(pictured(shape=(30, 32, 1)))) is None


def test_many_pictured_cases_share_the_room():
    assert room(1) == room(3) == 1_000_000
    assert room(30) == 100_000


def test_equal_volumes_are_equal_bytes():
    assert pack_for_viewer(layers(pictured())) == pack_for_viewer(layers(pictured()))
