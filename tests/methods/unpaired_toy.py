"""Toys with a known answer for methods that learn without pairs: discs to be seen in another contrast."""

import torch
from torch import nn

from medtrans.core.method import Batch, Task
from medtrans.methods import load

GENERATOR = {"name": "unet", "channels": [8, 16]}
JUDGE = {"name": "patch_discriminator", "filters": 8, "layers": 1}
SIDE = 16


def toy_method(name, seed=0, **changes):
    kind = load(name)
    settings = kind.Settings.from_dict({"generator": GENERATOR, "discriminator": JUDGE, **changes})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(Task(spatial_dims=2), settings)


def affine(method):
    """The method with a x + b for every generator, from a = 0.1 and b = 0: learnt alike from every seed."""
    generators = method.players()["generators"]
    for name, network in list(method.named_children()):
        if any(network is generator for generator in generators):
            line = nn.Conv2d(1, 1, 1)
            nn.init.constant_(line.weight, 0.1)
            nn.init.zeros_(line.bias)
            setattr(method, name, line)
    return method


def discs(count, rng):
    """(count, 1, side, side), of random place and size on dark ground: -1 to about 1."""
    axis = torch.arange(SIDE, dtype=torch.float32)
    row, column = torch.rand((2, count, 1, 1, 1), generator=rng) * SIDE
    width = 2 + 4 * torch.rand((count, 1, 1, 1), generator=rng)
    return 2 * torch.exp(-((axis[:, None] - row) ** 2 + (axis - column) ** 2) / width**2) - 1


def inverted(x):
    return -0.8 * x


def brightened(x):
    return 0.7 * x + 0.4


def lifted(x):
    """Cycles alone would keep x: both ways of 1 x + 0 are inverse to each other."""
    return 0.5 * x + 0.9


def learn(method, steps, answer=inverted, rate=3e-3, count=4, seed=0):
    """From sources and answers to other sources; the rate falls to 0 over the second half."""
    players = {
        name: torch.optim.Adam([weight for net in nets for weight in net.parameters()], betas=(0.5, 0.999))
        for name, nets in method.players().items()
    }
    rng = torch.Generator().manual_seed(seed + 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for step in range(steps):
            batch = Batch(discs(count, rng), answer(discs(count, rng)), seeds=count * step + torch.arange(count))
            for player, terms in method.losses(batch):
                players[player].param_groups[0]["lr"] = rate * min(1, 2 * (1 - step / steps))
                method.zero_grad()
                sum(terms.values()).backward()
                players[player].step()
    return method.eval()


@torch.no_grad()
def error(method, answer=inverted):
    """Mean absolute difference from the answers to discs nobody has learned from."""
    x = discs(64, torch.Generator().manual_seed(2))
    return float((method.translate(x) - answer(x)).abs().mean())


def error_after_learning(method, seed=0):
    """Of an affine contrast, as a fraction of the error before: 60 steps, a second."""
    before = error(affine(method), lifted)
    return error(learn(method, 60, lifted, rate=1e-2, seed=seed), lifted) / before


def of_the_best_constant(answer=inverted):
    """The error of one grey for everything."""
    y = answer(discs(64, torch.Generator().manual_seed(2)))
    return float((y - y.median()).abs().mean())
