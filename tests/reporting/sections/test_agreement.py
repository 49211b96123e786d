import math
from dataclasses import replace

import numpy as np

from medtrans.core.measurement import Measurement
from medtrans.reporting.sections.agreement import agreement_section, agreements

TRUE, SHIFT = (100.0, 200.0, 300.0, 400.0), (1.0, 3.0, 1.0, 3.0)


def found():
    pairs = enumerate(zip(TRUE, SHIFT, strict=True))
    return [Measurement(f"c{n}", f"s{n}", "mean in the mask", "HU", true, true + shift) for n, (true, shift) in pairs]


def test_bias_and_limits_are_those_of_bland_and_altman():
    (one,) = agreements(found())
    sd = np.std(SHIFT, ddof=1)
    assert one.n == 4
    assert "Bias +2.00 (" in one.text
    assert f"{2 - 1.96 * sd:+.2f} (".replace("-", "−") in one.text
    assert f"{2 + 1.96 * sd:+.2f} (" in one.text
    assert one.chart.count("<svg") == 1


def test_below_three_subjects_there_are_no_limits():
    (one,) = agreements(found()[:2])
    assert one.text == "Mean difference +2.00 HU; below 3 subjects there are no limits of agreement."


def test_cases_of_one_subject_are_averaged():
    (one,) = agreements([replace(quantity, subject="same") for quantity in found()])
    assert one.n == 1


def test_each_quantity_has_its_own_plot_and_missing_values_are_counted():
    bone = [replace(quantity, name="bone", unit="ml") for quantity in found()]
    bone[0] = replace(bone[0], translated=math.nan)
    first, second = agreements([*found(), *bone])
    assert (first.name, second.name, second.unit, second.n) == ("mean in the mask", "bone", "ml", 3)
    assert "1 subject without a finite value." in second.text
    assert agreements([]) == []
    assert agreement_section([]) is None
