"""Conditions that are given for a translation."""

import pytest

from medtrans.core.errors import UsageError
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.stages._conditions import assert_known_conditions


def test_a_condition_that_no_model_takes_is_refused():
    taking, other = (Preparation(PreparingSettings(conditions=names)) for names in (("age",), ()))
    assert_known_conditions(["age"], [taking, other])
    with pytest.raises(UsageError, match="unknown condition; this model takes age"):
        assert_known_conditions(["agee"], [taking])
    with pytest.raises(UsageError, match="this model takes none"):
        assert_known_conditions(["age"], [other])
