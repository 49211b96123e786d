"""Toys with known answers for methods of images without partners, 16 pixels wide."""

import torch

from medtrans.core.method import Batch, Task
from medtrans.methods import load

SIDE = 16
PLACES = torch.tensor([3.25, 7.75, 12.25])


def toy_method(name, **changes):
    kind = load(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        task = Task(spatial_dims=2, size=(SIDE, SIDE), conditions=int(name in ("acgan", "projection_gan")))
        return kind(task, kind.Settings.from_dict(changes))


def discs(column, row=7.5):
    """(count, 1, side, side): a bright disc in each, around `column` (count,): -1 to about 1."""
    axis = torch.arange(SIDE, dtype=torch.float32)
    return 2 * torch.exp(-((axis[:, None] - row) ** 2 + (axis - column.view(-1, 1, 1, 1)) ** 2) / 8) - 1


def in_a_row(count, rng):
    """Discs anywhere on one line."""
    return discs(3.5 + 8 * torch.rand(count, generator=rng)), None


def in_three_places(count, rng):
    """Discs near one of PLACES, and which it is (count, 1)."""
    place = torch.randint(3, (count, 1), generator=rng)
    return discs(PLACES[place] + 0.5 * torch.rand((count, 1), generator=rng) - 0.25), place.float()


def places(images):
    """Which disc at one of PLACES each image is nearest to."""
    return (images[:, None] - discs(PLACES)).square().mean((2, 3, 4)).argmin(1)


def learn(method, steps, draw, rate=2e-3, batch=16):
    """`draw` gives images and their condition."""
    players = {
        name: torch.optim.Adam([weight for net in nets for weight in net.parameters()], lr=rate, betas=(0.5, 0.999))
        for name, nets in method.players().items()
    }
    rng = torch.Generator().manual_seed(1)
    for step in range(steps):
        images, condition = draw(batch, rng)
        seeds = batch * step + torch.arange(batch)
        for player, terms in method.losses(Batch(images, images, None, condition, seeds)):
            method.zero_grad()
            sum(terms.values()).backward()
            players[player].step()
    return method.eval()


@torch.no_grad()
def sampled(method, count=96, condition=None):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return method.sample(count, condition)


def distance(images, family):
    """Of each image to the nearest of `family`: root mean square over the pixels."""
    return (images[:, None] - family).square().mean((2, 3, 4)).sqrt().amin(1)
