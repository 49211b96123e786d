import numpy as np
import pytest

from medtrans.degradations._signal_equations import Sequence, nulling, signal
from medtrans.phantoms.signals import TIMES, sequence, table
from medtrans.phantoms.tissues import FIELDS, NUMBER


def bloch(pd, t1, t2, times, step=0.05):
    """The steady state in which magnetisation relaxes by small steps between pulses, until it repeats itself."""

    def relaxed(along, milliseconds):
        for _ in range(round(milliseconds / step)):
            along += step / t1 * (pd - along)
        return along

    along = pd
    for _ in range(3):
        if times.ti is not None:
            along = relaxed(-along, times.ti)
        across, along = along, 0.0
        along = relaxed(along, times.tr - (times.ti or 0))
    for _ in range(round(times.te / step)):
        across -= step / t2 * across
    return abs(across)


@pytest.mark.parametrize("times", [Sequence(500, 12), Sequence(2000, 4, 900), Sequence(3000, 90, 1500)])
@pytest.mark.parametrize("tissue", ["white matter", "fat"])
def test_signals_are_those_of_magnetisation_followed_in_small_steps(times, tissue):
    pd, t1, t2 = (column[NUMBER[tissue]] for column in table(1.5))
    assert float(signal(pd, t1, t2, times)) == pytest.approx(bloch(pd, t1, t2, times), rel=0.01, abs=0.002)


@pytest.mark.parametrize("tesla", FIELDS)
def test_flair_nulls_csf_at_every_field(tesla):
    flair, (pd, t1, t2) = sequence("FLAIR", tesla), table(tesla)
    assert flair.ti == pytest.approx(nulling(t1[NUMBER["CSF"]], flair.tr))
    assert signal(pd, t1, t2, flair)[NUMBER["CSF"]] == pytest.approx(0, abs=1e-9)


def test_a_long_repetition_nulls_at_ln_2_of_t1():
    assert nulling(1000.0, 1e6) == pytest.approx(1000 * np.log(2))


def test_only_flair_inverts():
    assert [name for name in TIMES if sequence(name).ti is not None] == ["FLAIR"]
