"""The uncertainty of a run in its test patients: pass, fail, or what would be enough."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from medtrans.auditing.calibrated import DEPENDS_ON, settings_of
from medtrans.auditing.calibrating import calibrate
from medtrans.auditing.held_out_uncertainty import held_out_uncertainty
from tests.auditing.test_calibrating import patient


def translator(sha256="hash", *, spread=True, uncertain=True, **changes):
    one = SimpleNamespace(
        identity=SimpleNamespace(sha256=sha256),
        settings=SimpleNamespace(**dict.fromkeys(DEPENDS_ON), **changes),
        method=SimpleNamespace(gives_spread=spread),
        gives_uncertainty=uncertain,
    )
    one.members = (one,)
    return one


@pytest.fixture(scope="module")
def known():
    settings = settings_of(translator().settings)
    return calibrate([patient(seed) for seed in range(60)], ["hash"], settings, "CT", "HU", 5.0)


def outcome(known, cases, one=None):
    found = held_out_uncertainty(known, one or translator(), cases).verdict
    return found.outcome, found.reason


def test_patients_like_those_of_the_calibration_pass(known):
    """Means of 60 patients, of whom each tissue holds well above 90 %."""
    found = held_out_uncertainty(known, translator(), [patient(seed) for seed in range(100, 160)])
    assert found.verdict.outcome == "pass"
    assert len(found.cases) == 60
    assert {row["of"] for row in found.coverage} == {"translation", "real image"}


def test_lesions_that_are_not_held_fail(known):
    result, why = outcome(known, [patient(seed, lesion_error=300.0) for seed in range(100, 160)])
    assert result == "fail"
    assert "lesions of the real image" in why


@pytest.mark.parametrize(
    ("cases", "one", "words"),
    [
        (1, translator(), "1 test patient cannot show 90% of each part"),
        (0, translator(), "translating.uncertainty"),
        (5, translator("other"), "other hashes"),
    ],
)
def test_what_is_missing_is_said(known, cases, one, words):
    result, why = outcome(known, [patient(seed) for seed in range(cases)], one)
    assert result == "not assessable"
    assert words in why


def test_without_a_calibration_it_is_said_what_would_be_enough(known):
    assert "25 patients" in outcome(None, [])[1]
    assert "is not calibrated" in outcome(None, [], translator(uncertain=False))[1]
    assert "method.quantiles" in outcome(None, [], translator(spread=False, uncertain=False))[1]
    assert "translating" in outcome(replace(known, settings={**known.settings, "samples": 8}), [])[1]
