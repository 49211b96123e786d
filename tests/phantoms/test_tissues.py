import pytest

from medtrans.phantoms.tissues import FIELDS, NUMBER, TISSUES


@pytest.mark.parametrize("tissue", TISSUES, ids=lambda tissue: tissue.name)
def test_a_tissue_is_physical_and_names_its_source(tissue):
    assert 0 <= tissue.relaxation.pd <= 1
    assert -1024 <= tissue.hu < 3071 or tissue.name == "metal"
    assert tissue.relaxation.source
    for tesla in FIELDS:
        t1, t2 = tissue.relaxation.times(tesla)
        assert 0 < t2 <= t1


@pytest.mark.parametrize("tissue", ["fat", "muscle", "grey matter", "white matter", "CSF"])
def test_t1_grows_with_the_field(tissue):
    low, high = (TISSUES[NUMBER[tissue]].relaxation.times(tesla)[0] for tesla in (1.5, 3.0))
    assert high > low


def test_skin_has_the_hounsfield_units_of_its_electrons():
    """Carbon absorbs less than oxygen, so a little less than their surplus over water. ICRU's shares of mass, Z / A."""
    water = (2 * 1 + 8) / 18.015
    shares = {1 / 1.008: 0.1, 6 / 12.011: 0.204, 7 / 14.007: 0.042, 8 / 15.999: 0.645, 17 / 35.45: 0.009}
    surplus = 1000 * (1.09 * sum(per_gram * share for per_gram, share in shares.items()) / water - 1)
    assert surplus - 15 < TISSUES[NUMBER["skin"]].hu < surplus
