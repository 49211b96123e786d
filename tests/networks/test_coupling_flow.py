import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.networks.coupling_flow import CouplingFlowSettings
from tests.networks.shaking import shaken


def small(dims=2, channels=1, **changes):
    torch.manual_seed(0)
    settings = CouplingFlowSettings(**{"scales": 2, "layers": 2, "features": 8, **changes})
    return shaken(settings.build(dims, 3, channels), 0.05)


@pytest.mark.parametrize("dims", [2, 3])
def test_back_undoes_there(dims):
    network, size = small(dims, layers=6), (8, 4, 4)[:dims]
    y, x = torch.randn(2, 1, *size), torch.randn(2, 3, *size)
    z, there = network(y, x)
    again, back = network(z, x, inverse=True)
    assert torch.allclose(again, y, rtol=0, atol=1e-4)
    assert torch.allclose(there, -back, atol=1e-3)
    assert not torch.allclose(z, y, atol=0.1)


@pytest.mark.parametrize("scales", [1, 2])
def test_the_log_determinant_is_that_of_the_jacobian(scales):
    network = small(scales=scales).double()
    y, x = torch.randn(1, 1, 4, 4, dtype=torch.float64), torch.randn(1, 3, 4, 4, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda flat: network(flat.view_as(y), x)[0].flatten(), y.flatten())
    expected = torch.linalg.slogdet(jacobian)[1]
    assert abs(float(expected)) > 0.1
    assert float(network(y, x)[1]) == pytest.approx(float(expected), rel=1e-9)


def test_what_is_seen_matters():
    network, y = small(), torch.randn(1, 1, 4, 4)
    one, other = (network(y, torch.full((1, 3, 4, 4), value))[0] for value in (0.0, 1.0))
    assert not torch.allclose(one, other, atol=0.1)


def test_one_channel_needs_a_scale():
    with pytest.raises(UsageError, match=r"scales.*set 1 or more"):
        small(scales=0)
