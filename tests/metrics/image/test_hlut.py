import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.metrics.image._hlut import THOMAS, density, refuse_disorder


def test_the_usual_table_is_the_two_lines_of_thomas_and_level_where_they_would_fall():
    hounsfield = np.arange(-1000.0, 3901)
    lines = np.where(hounsfield <= 100, 1 + hounsfield / 1000, 1 + hounsfield / 1950)
    between = (hounsfield > 100) & (hounsfield < 195)
    found = density(hounsfield, THOMAS)
    assert found[~between] == pytest.approx(lines[~between])
    assert found[between] == pytest.approx(1.1)
    assert (np.diff(found) > -1e-12).all()
    assert density(np.array([-1024.0, 9000]), THOMAS).tolist() == [0, 3]


@pytest.mark.parametrize("rows", [((0.0, 1.0),), ((0.0, 1.0), (0.0, 2.0)), ((5.0, 1.0), (0.0, 2.0))])
def test_a_table_that_does_not_rise_is_refused(rows):
    with pytest.raises(UsageError, match="is no table of rising HU"):
        refuse_disorder("water_path", rows)
