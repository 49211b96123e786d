import os
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import JPEGLSLossless, RLELossless, generate_uid

from medtrans.core.errors import EnvironmentRefused, InputRefused
from medtrans.core.modality import find_modality
from medtrans.reading.checks import check_volume
from medtrans.reading.volumes import files_of, hash_volume, is_volume, read_grid, read_volume, volumes_in, write_volume
from medtrans.translating.admission import admit
from tests.reading.formats.dicom_files import enhanced, plain_series, slice_of, volume, write_series

DATA = Path(os.environ.get("MEDTRANS_TEST_DATA", "-"))
VOXELS = volume()
CORONAL = [1, 0, 0, 0, 0, -1]


def test_a_series_lies_where_its_positions_say_in_the_order_of_its_places(tmp_path):
    folder = write_series(tmp_path / "series", plain_series(VOXELS))
    found = read_volume(folder)
    assert np.array_equal(found.voxels[0], VOXELS.transpose(1, 0, 2))
    assert found.voxels.dtype == np.int16
    wanted = np.array([[-3, 0, 0, -10], [0, -2, 0, -20], [0, 0, 4, 30], [0, 0, 0, 1.0]])
    assert np.allclose(found.affine, wanted)
    assert found.spacing == (3.0, 2.0, 4.0), "the first number of PixelSpacing is between rows"
    shape, affine = read_grid(folder)
    assert (shape, affine.tolist()) == (found.shape, found.affine.tolist())


@pytest.mark.parametrize("turn", [(20, 0, 0), (10, -30, 60), (90, 0, 0), (0, 180, 5)])
def test_oblique_series_lie_where_gdcm_reads_them(turn, tmp_path):
    from scipy.spatial.transform import Rotation

    directions = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    slices = [
        slice_of(VOXELS[..., k], place=directions @ [5, -7, 4.0 * k], directions=[*directions[:, 0], *directions[:, 1]])
        for k in range(5)
    ]
    folder = write_series(tmp_path / "series", slices)
    found = read_volume(folder)
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
    assert np.array_equal(sitk.GetArrayFromImage(image).transpose(2, 1, 0), found.voxels[0])
    theirs = np.eye(4)
    theirs[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    theirs[:3, 3] = image.GetOrigin()
    assert np.allclose(np.diag([-1, -1, 1, 1]) @ theirs, found.affine, atol=1e-3)


def test_a_file_of_many_frames_is_the_same_volume(tmp_path):
    pydicom.dcmwrite(tmp_path / "enhanced.dcm", enhanced(VOXELS), enforce_file_format=True)
    write_series(tmp_path / "series", plain_series(VOXELS))
    one, other = read_volume(tmp_path / "enhanced.dcm"), read_volume(tmp_path / "series")
    assert np.array_equal(one.voxels, other.voxels)
    assert one.shares_grid_with(other)


def test_slope_and_intercept_are_those_of_each_slice(tmp_path):
    slopes = [1.0, 2.0, 0.5, 1.0, 3.0]
    pydicom.dcmwrite(tmp_path / "enhanced.dcm", enhanced(VOXELS, slopes=slopes), enforce_file_format=True)
    found = read_volume(tmp_path / "enhanced.dcm")
    assert found.voxels.dtype == np.float32
    assert np.allclose(found.voxels[0], VOXELS.transpose(1, 0, 2) * slopes)
    shifted = plain_series(VOXELS, RescaleIntercept=-1024.0)
    assert read_volume(write_series(tmp_path / "ct", shifted)).voxels.min() == VOXELS.min() - 1024


@pytest.mark.parametrize("sign_bits", [0x0000, 0xF000])
def test_twelve_of_sixteen_bits_keep_their_sign(sign_bits, tmp_path):
    stored = (VOXELS.astype(np.int32) & 0x0FFF) | np.where(VOXELS < 0, sign_bits, 0)
    series = plain_series(stored.astype(np.uint16).astype(np.int16), BitsStored=12, HighBit=11)
    assert np.array_equal(read_volume(write_series(tmp_path / "s", series)).voxels[0], VOXELS.transpose(1, 0, 2))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_compressed_slices_have_the_same_values(syntax, tmp_path):
    if syntax is JPEGLSLossless:
        pytest.importorskip("jpeg_ls", reason="no JPEG-LS encoder is installed")
    series = plain_series(VOXELS)
    for one in series:
        one.compress(syntax, generate_instance_uid=False)
    assert np.array_equal(read_volume(write_series(tmp_path / "s", series)).voxels[0], VOXELS.transpose(1, 0, 2))


def test_without_a_decoder_the_extra_is_named(tmp_path, monkeypatch):
    folder = write_series(tmp_path / "s", plain_series(VOXELS))

    def undecodable(self):
        raise NotImplementedError("Unable to decode")

    monkeypatch.setattr(pydicom.dataset.Dataset, "pixel_array", property(undecodable))
    with pytest.raises(EnvironmentRefused, match=r"pip install 'medtrans\[dicom\]'"):
        read_volume(folder)


def test_a_single_slice_is_as_thick_as_it_says(tmp_path):
    pydicom.dcmwrite(tmp_path / "one.dcm", plain_series(VOXELS)[0], enforce_file_format=True)
    assert read_volume(tmp_path / "one.dcm").spacing == (3.0, 2.0, 4.0)


def test_copies_are_read_once_and_said(tmp_path):
    series = plain_series(VOXELS)
    folder = write_series(tmp_path / "s", [*series, series[2]], [*(f"{k}" for k in range(5)), "2(1).dcm"])
    found = read_volume(folder)
    assert np.array_equal(found.voxels[0], VOXELS.transpose(1, 0, 2))
    (finding,) = (one for one in check_volume(folder) if one.code == "dicom-copies")
    assert "1 of its 6 images" in finding.what


def tilted(k):
    return (10, 20 + 4 * k * np.tan(np.radians(18.5)), 30 + 4 * k)


ODD = {
    "several series": ([slice_of(VOXELS[..., 0], place=(0, 0, 4 * k), series=f"1.2.{k}", number=k) for k in (1, 2)],
                       r"holds 2 series: 1 Head \(CT, 1 file\); 2 Head"),
    "one place": ([slice_of(VOXELS[..., k], place=(0, 0, 0)) for k in range(4)], "its 4 slices lie at one place"),
    "echoes": ([slice_of(VOXELS[..., 0], place=(0, 0, 4 * (k // 2))) for k in range(6)], "6 slices lie at 3 places"),
    "missing": ([one for k, one in enumerate(plain_series(VOXELS)) if k != 2],
                "1 slice is missing, the first after slice 2 of 4"),
    "uneven": ([slice_of(VOXELS[..., k], place=(0, 0, z)) for k, z in enumerate((0, 4, 8, 13))], "4.00 to 5.00 mm"),
    "tilt": ([slice_of(VOXELS[..., k], place=tilted(k)) for k in range(5)], "tilted by 18.5°"),
    "localiser": ([slice_of(VOXELS[..., 0], place=(0, 0, 0)),
                   slice_of(VOXELS[..., 0], place=(0, 9, 0), directions=CORONAL)],
                  "1 of its 2 slices have another direction"),
    "sizes": ([slice_of(VOXELS[:side, :, 0], place=(0, 0, side)) for side in (4, 6)], "slices of one size"),
    "colour": (plain_series(VOXELS, PhotometricInterpretation="MONOCHROME1"), "MONOCHROME1"),
    "nowhere": ([slice_of(VOXELS[..., k], place=(0, 0, 4 * k), directions=[0] * 6) for k in range(3)], "the length 0"),
    "spacing": (plain_series(VOXELS, PixelSpacing=[0.0, 1.0]), "PixelSpacing is 0"),
    "no image": ([], "holds no DICOM"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_regular_grid_is_refused_with_its_figures(name, tmp_path):
    slices, said = ODD[name]
    folder = write_series(tmp_path / "s", slices)
    if not slices:
        dataset = plain_series(VOXELS)[0]
        del dataset.Rows, dataset.PixelData
        write_series(folder, [dataset])
    with pytest.raises(InputRefused, match=said):
        read_volume(folder)
    assert [finding.severity for finding in check_volume(folder)] == ["refuse"]


def test_positions_that_are_rounded_to_a_hundredth_are_even(tmp_path):
    places = [round(0.625 * k, 2) for k in range(9)]
    slices = [slice_of(VOXELS[..., 0], place=(0, 0, place)) for place in places]
    assert read_volume(write_series(tmp_path / "s", slices)).spacing[2] == pytest.approx(0.625, abs=1e-9)
    slices = [slice_of(VOXELS[..., 0], place=(0, 0, place + 0.05 * (k == 4))) for k, place in enumerate(places)]
    with pytest.raises(InputRefused, match="mm apart, usually"):
        read_volume(write_series(tmp_path / "uneven", slices))


def test_headers_without_pixels_are_refused(tmp_path):
    series = plain_series(VOXELS)
    del series[2].PixelData
    with pytest.raises(InputRefused, match="has no pixels: its header alone was exported"):
        read_volume(write_series(tmp_path / "s", series))


def test_a_series_without_positions_is_refused(tmp_path):
    series = plain_series(VOXELS)
    del series[1].ImagePositionPatient
    with pytest.raises(InputRefused, match="has no ImagePositionPatient"):
        read_volume(write_series(tmp_path / "s", series))


def test_no_damage_is_a_traceback_or_a_warning(tmp_path):
    whole = write_series(tmp_path / "s", plain_series(VOXELS)) / "IM0001"
    content, rng = whole.read_bytes(), np.random.default_rng(0)
    outcomes = set()
    for number in range(300):
        damaged = bytearray(content)
        for place in rng.integers(132, len(content), 1 + number % 4):
            damaged[place] = rng.integers(256)
        path = tmp_path / "damaged.dcm"
        path.write_bytes(damaged[: rng.integers(140, len(content))] if number % 3 == 0 else damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = read_volume(path)
            except (InputRefused, EnvironmentRefused):
                outcomes.add("refused")
            else:
                outcomes.add("read")
                assert np.isfinite(found.affine).all()
                assert found.voxels.size
    assert outcomes == {"read", "refused"}


def test_a_folder_of_a_series_is_one_volume_and_its_files_are_hashed(tmp_path):
    folder = write_series(tmp_path / "all" / "series", plain_series(VOXELS))
    (folder / "notes.txt").write_text("not an image")
    write_series(tmp_path / "all" / "other", plain_series(VOXELS + 1, SeriesInstanceUID=generate_uid()))
    (tmp_path / "all" / "empty").mkdir()
    assert is_volume(folder)
    assert volumes_in(tmp_path / "all") == [tmp_path / "all" / "other", folder]
    assert len(files_of(folder)) == 5
    before = hash_volume(folder)
    write_series(folder, plain_series(VOXELS)[:1], ["IM0005"])
    assert hash_volume(folder) != before


def test_a_ct_is_refused_where_mr_is_expected_by_check_and_by_a_model(tmp_path):
    folder = write_series(tmp_path / "s", plain_series(np.abs(VOXELS)))
    assert not [finding for finding in check_volume(folder, "CT") if finding.severity == "refuse"]
    (finding,) = (one for one in check_volume(folder, "MR") if one.severity == "refuse")
    assert finding.what == "is CT by its header, but MR is expected"
    with pytest.raises(InputRefused, match="is CT by its header"):
        admit(read_volume(folder), 1, find_modality("MR"), "s")


def test_dicom_is_not_written(tmp_path):
    found = read_volume(write_series(tmp_path / "s", plain_series(VOXELS)))
    with pytest.raises(InputRefused, match="read, and not written"):
        write_volume(found, tmp_path / "out.dcm")
    write_volume(found, tmp_path / "out.nii.gz")
    assert read_volume(tmp_path / "out.nii.gz").shares_grid_with(found)


@pytest.mark.skipif(not DATA.is_dir(), reason="MEDTRANS_TEST_DATA names no folder of real volumes")
def test_real_series_are_read_as_gdcm_reads_them_or_refused_with_their_tilt():
    found = read_volume(DATA / "dicom" / "mr_head_t1c")
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(DATA / "dicom" / "mr_head_t1c"))
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(names)).transpose(2, 1, 0), found.voxels[0])
    with pytest.raises(InputRefused, match=r"tilted by 18\.5°"):
        read_volume(DATA / "dicom" / "ct_head_gantry_tilt")
