"""A toy with known answers for methods that draw theirs: bright discs are to become 0.8 times as dark."""

import torch

from medtrans.core.method import Batch, Task
from medtrans.methods import load


def toy_method(name, task=None, **changes):
    kind = load(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return kind(task or Task(spatial_dims=2), kind.Settings.from_dict(changes))


def discs(count, rng, size=8):
    """(count, 1, size, size), of random place and size on dark ground: -1 to about 1."""
    axis = torch.arange(size, dtype=torch.float32)
    row, column = torch.rand((2, count, 1, 1, 1), generator=rng) * size
    width = 2 + 4 * torch.rand((count, 1, 1, 1), generator=rng)
    return 2 * torch.exp(-((axis[:, None] - row) ** 2 + (axis - column) ** 2) / width**2) - 1


def dark(x, rng):
    return -0.8 * x


def dark_or_bright(x, rng):
    """The toss of a coin decides for each."""
    return 0.8 * x * (2 * torch.randint(2, (len(x), 1, 1, 1), generator=rng) - 1)


def learn(method, steps, *, answer=dark, rate=7e-3, size=8):
    """Trained for so many steps, on a rate that falls to zero."""
    players = {
        name: torch.optim.Adam([weight for net in nets for weight in net.parameters()], lr=rate, fused=True)
        for name, nets in method.players().items()
    }
    rng = torch.Generator().manual_seed(1)
    for step in range(steps):
        for group in (group for optimizer in players.values() for group in optimizer.param_groups):
            group["lr"] = rate * (1 - step / steps)
        x = discs(32, rng, size)
        y = x if method.pairing == "alone" else answer(x, rng)
        for player, terms in method.losses(Batch(x, y, seeds=32 * step + torch.arange(32))):
            method.zero_grad()
            sum(terms.values()).backward()
            players[player].step()
    return method.eval()


@torch.no_grad()
def translated(method, size=8):
    """Discs nobody has learned from, and what the method makes of them."""
    rng = torch.Generator().manual_seed(2)
    x = discs(64, rng, size)
    drawn = {}
    if method.noise_channels:
        drawn["noise"] = torch.randn((64, method.noise_channels, size, size), generator=rng)
    return x, method.translate(x, **drawn)


def error(method):
    """Mean absolute difference from 0.8 times as dark; 0.35 for the right mean of each image and nothing else."""
    x, made = translated(method)
    return float((made + 0.8 * x).abs().mean())
