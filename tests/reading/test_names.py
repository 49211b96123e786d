from pathlib import Path

import pytest

from medtrans.core.errors import UsageError
from medtrans.reading.names import session_of, sidecar_path, stem, subject_of


@pytest.mark.parametrize(
    ("name", "subject", "session"),
    [
        ("sub-01", "sub-01", ""),
        ("sub-01_ses-2_T1w", "sub-01", "ses-2"),
        ("siteA_sub-01_ses-pre", "sub-01", "ses-pre"),
        ("s01_v1", "s01", "v1"),
        ("s01_v2", "s01", "v2"),
        ("s01_visit1_T1", "s01", "visit1"),
        ("s01_Visit-12", "s01", "Visit-12"),
        ("p07_T1", "p07", ""),
        ("p07_v1b_T1", "p07", ""),
        ("anna", "anna", ""),
        ("sub-01-a_T1", "sub-01-a", ""),
        ("_a", "_a", ""),
        ("patient_01", "patient_01", ""),
        ("patient_02_v2_T1", "patient_02", "v2"),
        ("anna_T1", "anna", ""),
        ("T1_001", "T1_001", ""),
        ("head_CT", "head", ""),
    ],
)
def test_subject_and_session_are_found_in_a_name(name, subject, session):
    assert (subject_of(name), session_of(name)) == (subject, session)


def test_a_regular_expression_finds_another_subject():
    assert subject_of("siteA_p07_T1", "p[0-9]+") == "p07"
    assert subject_of("siteA_p07_T1", "_(p[0-9]+)_") == "p07"
    assert subject_of("sub-01_p07", "p[0-9]+") == "p07"
    for expression in ("(", "z+"):
        with pytest.raises(UsageError, match=r"reading\.subject"):
            subject_of("siteA_p07_T1", expression)


def test_the_stem_has_no_suffix():
    names = ("a/x_T1.nii.gz", "x.y.nii", "z.mha", "w.nrrd", "UPPER.NII.GZ", "other.png")
    assert [stem(name) for name in names] == ["x_T1", "x.y", "z", "w", "UPPER", "other"]


def test_a_sidecar_lies_beside_its_translation():
    assert sidecar_path(Path("out/sub-01_T1.nii.gz")) == Path("out/sub-01_T1.json")
    assert sidecar_path(Path("out/ct.v2.mha")) == Path("out/ct.v2.json")
