import copy

import pytest

from medtrans.core.errors import EmptyMask, GridMismatch, InputRefused
from medtrans.evaluating.failures import failure


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputRefused("a", "is broken", "copy it again"), "unreadable"),
        (GridMismatch("a", "lies elsewhere"), "other-grid"),
        (EmptyMask("a", "is empty"), "empty-mask"),
        (InputRefused("a", "is in cGy", "give Gy", "other-unit"), "other-unit"),
    ],
)
def test_an_error_of_a_case_becomes_a_finding_with_a_code(error, code):
    found = failure("a", error)
    assert (found.code, found.severity, found.sentence) == (code, "refuse", str(error))
    assert copy.copy(error).code == error.code


def test_another_place_is_named_and_the_parts_of_a_case_are_not():
    assert failure("a", InputRefused("b.nii", "is broken")).sentence == "a: b.nii: is broken"
    assert failure("a", InputRefused("volume", "is flat")).sentence == "a: is flat"
