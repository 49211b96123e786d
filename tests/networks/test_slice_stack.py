import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.core.method import Task
from medtrans.networks._slice_stack import middle_slices
from medtrans.preparing.patches import slice_stack


@pytest.mark.parametrize("stack", [1, 3, 5])
@pytest.mark.parametrize("contrasts", [1, 2])
def test_the_middle_of_a_stack_is_the_slice_itself(stack, contrasts):
    volume = np.random.default_rng(0).random((contrasts, 4, 4, 9))
    source = slice_stack(volume, 2, 4, stack)
    middle = middle_slices(Task(spatial_dims=2, source_channels=len(source), target_channels=contrasts))
    assert np.array_equal(source[middle], volume[..., 4])


@pytest.mark.parametrize(("sources", "targets"), [(2, 1), (1, 2), (10, 1), (4, 2)])
def test_channels_that_do_not_fit_are_refused(sources, targets):
    with pytest.raises(UsageError, match="no middle slice"):
        middle_slices(Task(source_channels=sources, target_channels=targets))
