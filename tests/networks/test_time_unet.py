import pytest
import torch

from medtrans.networks._norms import ChannelNorm
from medtrans.networks.time_unet import TimeUNetSettings
from tests.networks.shaking import shaken


def small(dims=2, **changes):
    torch.manual_seed(0)
    return shaken(TimeUNetSettings(channels=(4, 8, 8), **changes).build(dims, 2, 1))


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("attention", [True, False])
def test_any_multiple_of_the_divisor_keeps_its_size(dims, attention):
    size = (8, 4, 12)[:dims]
    assert small(dims, attention=attention)(torch.randn(2, 2, *size), torch.rand(2)).shape == (2, 1, *size)


def test_each_item_has_its_own_time():
    network, x = small(), torch.randn(1, 2, 8, 8).expand(3, -1, -1, -1)
    early, late, again = network(x, torch.tensor([0.1, 0.9, 0.1]))
    assert torch.allclose(early, again, atol=1e-6)
    assert not torch.allclose(early, late, atol=1e-3)


@pytest.mark.parametrize(("changes", "reaches"), [({}, False), ({"attention": True}, True), ({"norm": "group"}, True)])
def test_what_is_far_away_changes_nothing_without_attention_and_group_norm(changes, reaches):
    network, x = small(**changes), torch.randn(1, 2, 16, 160)
    y = x.clone()
    y[..., 140:] += 5
    t = torch.tensor([0.5])
    assert torch.equal(network(x, t)[..., :40], network(y, t)[..., :40]) != reaches


def test_the_chosen_norm_is_everywhere():
    kinds = {type(part) for part in small(attention=True).modules() if "Norm" in type(part).__name__}
    assert kinds == {ChannelNorm}
