import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch
from tests.methods.blobs_toy import SIDE, blobs, learn, toy_method, unseen

SETTINGS = {
    "contrasts": 2,
    "generator": {"name": "unet", "channels": [8, 16]},
    "discriminator": {"name": "patch_discriminator", "filters": 8, "layers": 1},
}


def both(count, rng):
    """Bright blobs, and the same seen dark."""
    z = blobs(count, rng)
    return torch.cat([2 * z - 1, 0.6 - 1.4 * z], dim=1)


def one_of_them(count, rng):
    """Each image in one contrast only, and which it is."""
    number = torch.randint(2, (count, 1), generator=rng)
    x = both(count, rng).gather(1, number.view(-1, 1, 1, 1).expand(-1, 1, SIDE, SIDE))
    return x, x, number.float()


def test_it_learns_both_directions_without_a_single_pair():
    method, x = learn(toy_method("stargan", conditions=1, **SETTINGS), 250, one_of_them, count=4), unseen(both)
    for given, options in ((0, 1), (1, 0)):
        with torch.no_grad():
            made = method.translate(x[:, [given]], torch.full((len(x), 1), float(options)))
        assert (made - x[:, [options]]).abs().mean() < 0.15
        assert (x[:, [given]] - x[:, [options]]).abs().mean() > 0.6


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_the_classification_is_the_mean_over_the_patches(player):
    """A classifier that always predicts contrast 1: right for half of an even mixture."""
    method = toy_method("stargan", conditions=1, **SETTINGS)
    method.D.forward = lambda x: [torch.tensor([0.0, -4, 4]).view(1, 3, 1, 1).expand(len(x), -1, 3, 3).requires_grad_()]
    x, _, number = one_of_them(400, torch.Generator().manual_seed(0))
    terms = dict(method.losses(Batch(x, x, None, number, seeds=torch.arange(400))))[player]
    assert float(terms["classification"].detach()) == pytest.approx(4, abs=0.6), "0 if right, 8 if wrong"


@pytest.mark.parametrize("wrong", [{}, {"conditions": 2}, {"conditions": 1, "source": 3}])
def test_without_the_number_of_the_contrast_it_cannot_begin(wrong):
    with pytest.raises(UsageError):
        toy_method("stargan", **wrong, **SETTINGS)


@pytest.mark.parametrize("wrong", [2.0, -1.0, 0.5, float("nan")])
def test_other_numbers_than_those_of_contrasts_are_refused_in_training_and_translation(wrong):
    method, x = toy_method("stargan", conditions=1, **SETTINGS), unseen(both)[:2, :1]
    number = torch.tensor([[0.0], [wrong]])
    with pytest.raises(UsageError, match=r"method\.contrasts: .*not all contrasts.*from 0 to 1"):
        next(method.losses(Batch(x, x, None, number, seeds=torch.arange(2))))
    with pytest.raises(UsageError, match=r"method\.contrasts: .*not all contrasts.*from 0 to 1"):
        method.translate(x, number)
