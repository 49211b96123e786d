"""Divisor: one number stands for all axes."""

from medtrans.core.divisor import per_axis


def test_one_number_stands_for_all_axes():
    assert per_axis(8, 3) == (8, 8, 8)
    assert per_axis((1, 2), 2) == (1, 2)
