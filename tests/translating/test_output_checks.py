import nibabel as nib
import numpy as np
import pytest

from medtrans.core.volume import Origin, Volume
from medtrans.translating.output_checks import assert_same_geometry, clipped_fraction, to_int16_hu
from tests.translating.stand_ins import ball, oblique


def test_hounsfield_units_are_integers_and_clipped_and_air_is_exact():
    values = np.array([-2000, -1024.4, -999.6, 0.4, 3071.4, 5000], np.float32)
    assert to_int16_hu(values, -1024, 3071).tolist() == [-1024, -1024, -1000, 0, 3071, 3071]
    assert to_int16_hu(values, -1024, 3071).dtype == np.int16


def test_the_low_end_of_a_normalisation_from_minus_1000_becomes_air():
    assert to_int16_hu(np.array([-1000.2, -999.0]), -1000, 2000).tolist() == [-1024, -999]


def test_the_clipped_fraction_counts_values_above_the_range_that_rounding_does_not_bring_into_it():
    """What is less than air is air: noise of a network around it is no sign of a wrong image."""
    assert clipped_fraction(np.array([-1100.0, 0.0, 3071.4, 3072.0]), 3071) == 0.25
    assert clipped_fraction(np.array([]), 3071) == 0.0


def volume_with_header():
    voxels, _ = ball((6, 5, 4))
    image = nib.Nifti1Image(voxels[0], oblique())
    return Volume(voxels, oblique(), Origin("nifti", image.header))


def test_a_volume_in_its_own_place_passes():
    source = volume_with_header()
    assert_same_geometry(source, source.like(source.voxels + 1))


@pytest.mark.parametrize("field", ["sform_code", "qform_code", "xyzt_units", "qoffset_x", "quatern_b", "srow_y"])
def test_a_header_changed_in_one_bit_is_a_fault(field):
    source = volume_with_header()
    header = source.origin.header.copy()
    header[field] = header[field] + 1
    with pytest.raises(AssertionError, match="where its source lies"):
        assert_same_geometry(source, Volume(source.voxels, source.affine, Origin("nifti", header)))


def test_an_affine_or_shape_changed_in_one_bit_is_a_fault():
    source = volume_with_header()
    affine = source.affine.copy()
    affine[0, 3] = np.nextafter(affine[0, 3], 1)
    for other in (
        Volume(source.voxels, affine, source.origin),
        Volume(source.voxels[:, 1:], source.affine, source.origin),
        Volume(source.voxels, source.affine),
    ):
        with pytest.raises(AssertionError, match="where its source lies"):
            assert_same_geometry(source, other)
