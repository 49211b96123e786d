import pytest

from medtrans.phantoms.tissues import FIELDS, NUMBER, TISSUES


@pytest.mark.parametrize("tissue", TISSUES, ids=lambda tissue: tissue.name)
def test_a_tissue_is_physical_and_names_its_source(tissue):
    assert 0 <= tissue.pd <= 1
    assert -1024 <= tissue.hu < 2000
    assert tissue.source
    for tesla in FIELDS:
        t1, t2 = tissue.relaxation(tesla)
        assert 0 < t2 <= t1


@pytest.mark.parametrize("tissue", ["fat", "muscle", "grey matter", "white matter", "CSF"])
def test_t1_grows_with_the_field(tissue):
    low, high = (TISSUES[NUMBER[tissue]].relaxation(tesla)[0] for tesla in (1.5, 3.0))
    assert high > low
