import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.metrics.hlut import THOMAS, density, refuse_disorder


def test_the_usual_table_is_the_two_lines_of_thomas():
    hounsfield = np.array([-1000.0, -500, 0, 60, 100, 150, 390, 1950, 3900])
    lines = np.maximum(np.minimum(1 + hounsfield / 1000, 1.1), 1 + hounsfield / 1950)
    lines[hounsfield < 0] = 1 + hounsfield[hounsfield < 0] / 1000
    assert density(hounsfield, THOMAS) == pytest.approx(lines)
    assert density(np.array([-1024.0, 9000]), THOMAS).tolist() == [0, 3]


@pytest.mark.parametrize("rows", [((0.0, 1.0),), ((0.0, 1.0), (0.0, 2.0)), ((5.0, 1.0), (0.0, 2.0))])
def test_a_table_that_does_not_rise_is_refused(rows):
    with pytest.raises(UsageError, match="is no table of rising HU"):
        refuse_disorder("water_path", rows)
