"""Toys with known answers for methods that learn from pairs, contrasts or labels: functions of overlapping blobs."""

import torch

from medtrans.core.method import Batch, Task
from medtrans.methods import load

SIDE = 16


def toy_method(name, source=1, target=1, conditions=0, dims=2, **changes):
    kind = load(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        task = Task(spatial_dims=dims, source_channels=source, target_channels=target, conditions=conditions)
        return kind(task, kind.Settings.from_dict(changes))


def blobs(count, rng, number=6):
    """(count, 1, side, side), of random places and sizes: 0 to 1."""
    axis = torch.arange(SIDE, dtype=torch.float32)
    row, column = torch.rand((2, count, number, 1, 1), generator=rng) * SIDE
    width = 2 + 2 * torch.rand((count, number, 1, 1), generator=rng)
    free = 1 - torch.exp(-((axis[:, None] - row) ** 2 + (axis - column) ** 2) / width**2)
    return 1 - free.prod(dim=1, keepdim=True)


def learn(method, steps, draw, rate=4e-3, count=8):
    """`draw` gives source, target and perhaps condition; the rate falls to 0 over the second half."""
    players = {
        name: torch.optim.Adam([weight for net in nets for weight in net.parameters()], betas=(0.5, 0.999))
        for name, nets in method.players().items()
    }
    rng = torch.Generator().manual_seed(1)
    for step in range(steps):
        x, y, *condition = draw(count, rng)
        batch = Batch(x, y, torch.ones_like(x[:, :1]), *condition, seeds=count * step + torch.arange(count))
        for player, terms in method.losses(batch):
            players[player].param_groups[0]["lr"] = rate * min(1, 2 * (1 - step / steps))
            method.zero_grad()
            sum(terms.values()).backward()
            players[player].step()
    return method.eval()


def unseen(draw, count=64):
    return draw(count, torch.Generator().manual_seed(2))
