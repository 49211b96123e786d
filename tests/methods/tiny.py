"""Any method made small by the names of its settings, so that a new file in medtrans/methods is tested by existing."""

import torch

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Method, Reconstructs, Samples, Task, Translates
from medtrans.methods import load, names

SMALL = {
    "channels": lambda given: [4, 8, 8, 8][: min(len(given), 3)],
    "filters": lambda given: 4,
    "features": lambda given: 4,
    "blocks": lambda given: 1,
    "layers": lambda given: 1,
    "depth": lambda given: min(given, 3),
    "scales": lambda given: min(given, 2),
    "pool": lambda given: 0,
    "patches": lambda given: 16,
    "dropout": lambda given: 0.0,
}
"""What the fields of these names become; the rest stays as it is by default."""
ENOUGH = {"segmenter": {"network": {"name": "unet", "channels": [4, 4, 8, 8]}}}
"""Settings of methods that would lose a part when made smaller: three levels leave no lower one to supervise."""
SIDE = 16


def shrunk(values):
    """Settings as plain values, made small; those called by a SMALL name, at any depth."""
    out = {}
    for key, value in values.items():
        if isinstance(value, dict):
            out[key] = shrunk(value)
        else:
            wanted = key in SMALL and value is not None and not isinstance(value, (str, bool))
            out[key] = SMALL[key](value) if wanted else value
    return out


def tasks(dims):
    """What a method may be asked for: one channel, one channel and a condition, several channels."""
    size = (SIDE,) * dims
    yield Task(spatial_dims=dims, size=size)
    yield Task(spatial_dims=dims, size=size, conditions=1)
    yield Task(spatial_dims=dims, size=size, source_channels=3, target_channels=3)


def tiny(name, dims=2, seed=0, task=None, **changes):
    """A small method of that name, of the first task that it takes, with what it needs adopted."""
    kind = load(name)
    settings = kind.Settings.from_dict({**shrunk(kind.Settings().to_dict()), **ENOUGH.get(name, {}), **changes})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        method = _fitting(kind, settings, [task] if task else list(tasks(dims)))
        for needed in method.requires_models(method.settings):
            _adopt(method, needed)
    return method


def _fitting(kind, settings, tasks):
    for number, task in enumerate(tasks, 1):
        try:
            return kind(task, settings)
        except UsageError:
            if number == len(tasks):
                raise
    raise AssertionError


def _adopt(method, needed):
    """Any method that fits: no list says which method requires which."""
    for other in names():
        if load(other) is type(method):
            continue
        try:
            method.attach_frozen(needed, tiny(other, method.task.spatial_dims, task=method.task))
        except UsageError:
            continue
        return
    raise AssertionError(f"nothing that is there can be adopted as {needed}")


def batch_for(method: Method, count=2, seed=0) -> Batch:
    """Items seed * count … of the method's task, as `items` draws them."""
    return items(method, range(seed * count, (seed + 1) * count))


def items(method: Method, numbers) -> Batch:
    """Each drawn by its number alone; the target is minus the source, or the source where images stand alone.

    The mask of every other one leaves a quarter of the voxels out.
    """
    drawn = [_item(method.task, method.pairing == "alone", number) for number in numbers]
    source, target, condition = (torch.stack(side) for side in zip(*drawn, strict=True))
    given_condition = condition if method.task.conditions else None
    mask = torch.ones_like(source[:, :1])
    mask[[number % 2 == 1 for number in numbers], ..., : SIDE // 4] = 0
    return Batch(source, target, mask, given_condition, torch.tensor([7 * n + 1 for n in numbers]))


def _item(task: Task, alone: bool, number: int):
    rng = torch.Generator().manual_seed(number)
    source = 2 * torch.rand((task.source_channels, *(task.size or (SIDE,) * task.spatial_dims)), generator=rng) - 1
    target = source if alone else -source[: task.target_channels]
    return source, target.expand(task.target_channels, *target.shape[1:]), torch.full((task.conditions,), number % 2.0)


def answers(method: Method, batch: Batch) -> dict[str, torch.Tensor]:
    """All that a method can do, done once with fixed noise: verb → (batch, channel, *space)."""
    out = {}
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if isinstance(method, Translates):
            shape = (len(batch.source), method.noise_channels, *batch.source.shape[2:])
            drawn = {"noise": torch.randn(shape)} if method.noise_channels else {}
            out["translate"] = method.translate(batch.source, batch.condition, **drawn)
        if isinstance(method, Reconstructs):
            out["reconstruct"] = method.reconstruct(batch.target)
        if isinstance(method, Samples):
            out["sample"] = method.sample(len(batch.source), batch.condition)
    assert out, "a method can do something"
    return out
