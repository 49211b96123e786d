"""Norms of the U-Net of `regression`, T1 to CT of synthetic heads: python norms.py ROWS.csv

Sixteen heads, of 3 mm slice by slice and of 4 mm in patches of 24³; twelve train, four are scored inside the body. All
trainings of a seed begin with the same weights and take the same items. Heads are translated as `medtrans translate`
does, whole slices and in 3D the whole head at once, then in windows, overlapping by a half and by a quarter. Each
training appends a row; rows that are there are not repeated. The table of all rows is printed at the end.
"""

import csv
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from medtrans import Translator
from medtrans.core.method import Batch, Method, Task
from medtrans.core.metric import CaseFacts
from medtrans.core.volume import Volume
from medtrans.methods.regression import Regression
from medtrans.metrics.image.seam import Seam
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint
from medtrans.preparing.pairing import Paired
from medtrans.preparing.patch_dataset import PatchDataset
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.translating.window_borders import window_borders

HEADS, TRAINING, BONE, RATE = 16, 12, 250, 1e-3
WINDOW = {2: 32, 3: 24}
STEPS = {2: 600, 3: 300}
NETWORK = {2: [12, 24, 48, 48], 3: [8, 16, 32, 32]}
GRID = {2: {"shape": (64, 72, 64), "spacing": 3.0}, 3: {"shape": (48, 56, 48), "spacing": 4.0}}
PREPARING = {2: PreparingSettings(slices=1), 3: PreparingSettings(spatial_dims=3, patch=(WINDOW[3],) * 3)}
NORMS = ("channel", "batch", "instance")
TRAININGS = [
    *((dims, batch, seed, norm) for seed in (0, 1) for dims, batch in ((2, 4), (3, 2)) for norm in NORMS),
    *((2, batch, seed, norm) for batch, seed in ((1, 0), (4, 2), (4, 3)) for norm in NORMS),
    *((3, 2, 2, norm) for norm in NORMS),
    *((2, batch, seed, norm) for batch, seed in ((4, 4), (1, 1)) for norm in NORMS),
    *((3, 2, seed, norm) for seed in (3, 4) for norm in NORMS),
    *((2, 4, 0, norm) for norm in ("group", "layer", "gained")),
]
"""Dimensions, batch, seed and norm, in an order that leaves whole seeds when it is interrupted."""
COLUMNS = ("dims", "batch", "seed", "norm", "mae", "bone_dice", "tone", "windows_mae", "tilings", "seam")
Head = tuple[Volume, Volume, Volume]
"""T1, CT and body."""


class LayerNorm(nn.Module):
    """Over the channels of each voxel, with learned gain and bias: Ba et al. 2016, as in ConvNeXt (Liu et al. 2022)."""

    def __init__(self, channels: int, spatial_dims: int, centred: bool) -> None:
        super().__init__()
        shape, self.centred = (channels, *[1] * spatial_dims), centred
        self.gain, self.bias = nn.Parameter(torch.ones(shape)), nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        x = x - x.mean(1, keepdim=True) if self.centred else x
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-6) * self.gain + self.bias


def new_method(dims: int, norm: str, seed: int) -> Method:
    """`layer` is the LayerNorm, `gained` the channel norm with a gain and a bias; in place of group norms."""
    torch.manual_seed(seed)
    own = norm in ("layer", "gained")
    generator = {"name": "unet", "channels": NETWORK[dims], "norm": "group" if own else norm}
    method = Regression(Task(spatial_dims=dims), Regression.Settings.from_dict({"generator": generator}))
    for parent in list(method.modules()) if own else ():
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.GroupNorm):
                setattr(parent, name, LayerNorm(child.num_channels, dims, centred=norm == "layer"))
    return method


@cache
def cohort(dims: int) -> list[Head]:
    made = [make_head(seed, **GRID[dims]) for seed in range(HEADS)]
    draws = [[np.random.default_rng([seed, n]) for n in range(2)] for seed in range(HEADS)]
    return [
        (paint(head, "T1", one), paint(head, "CT", other), head.mask)
        for head, (one, other) in zip(made, draws, strict=True)
    ]


def items(heads: list[Head], dims: int, seed: int) -> PatchDataset:
    preparation = Preparation(PREPARING[dims])
    sources = [preparation.prepare_source(t1, body) for t1, _, body in heads]
    targets = [preparation.prepare_target(ct, body, like=t1) for t1, ct, body in heads]
    return PatchDataset(Paired(sources, targets), PREPARING[dims], seed, divisor=8)


def outlines_agree(body: Tensor, target: Tensor) -> None:
    """The body, cut out with the source, is where the CT is above -500 HU."""
    dense = target > (-500 + 1024) / (4095 / 2) - 1
    dice = 2 * (dense & (body > 0)).sum() / (dense.sum() + (body > 0).sum())
    assert dice > 0.85, f"source and target are cut out at different places: Dice {float(dice):.2f}"


def train(method: Method, dataset: PatchDataset, batch: int, steps: int) -> None:
    """Adam; the rate is constant for half of the steps and falls linearly to zero over the others."""
    optimizer = torch.optim.Adam(method.parameters(), lr=RATE, betas=(0.9, 0.999))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, 2 * (1 - step / steps)))
    layout = torch.channels_last if method.task.spatial_dims == 2 else torch.contiguous_format
    method.train().to(memory_format=layout)
    for step in range(steps):
        chosen = [dataset[step * batch + number] for number in range(batch)]
        source, target, body = (torch.from_numpy(np.stack([item[n] for item in chosen])) for n in range(3))
        outlines_agree(body, target)
        for _, terms in method.losses(Batch(source.contiguous(memory_format=layout), target, body)):
            optimizer.zero_grad()
            sum(terms.values()).backward()
            optimizer.step()
        schedule.step()


def scores(method: Method, head: Head) -> list[float]:
    """The values of COLUMNS from `mae` on, of one head."""
    dims, (t1, ct, body) = method.task.spatial_dims, head
    whole = Translator(method, Preparation(PREPARING[dims]), device="cpu")
    half, quarter = (whole.with_settings(window=(WINDOW[dims],) * dims, overlap=share) for share in (0.5, 0.25))
    inside, real = body.voxels[0] > 0, ct.voxels[0].astype(np.float64)
    image, windows, others = (each(t1, body).voxels[0].astype(np.float64) for each in (whole, half, quarter))

    def difference(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.abs(one - other)[inside].mean())

    bone, found = (real > BONE) & inside, (image > BONE) & inside
    slices = [n for n in range(inside.shape[2]) if inside[..., n].sum() > 200]
    tone = [(image - real)[..., n][inside[..., n]].mean() for n in slices]
    seam = Seam().of_case(CaseFacts(window_borders(half, t1)))(windows, real, inside, t1.spacing)
    return [
        difference(image, real),
        2 * (bone & found).sum() / (bone.sum() + found.sum()),
        float(np.abs(np.diff(tone)).mean()),
        difference(windows, real),
        difference(windows, others),
        seam,
    ]


def read(rows: Path) -> dict[tuple[str, ...], list[float]]:
    lines = list(csv.reader(rows.open()))[1:] if rows.exists() else []
    return {tuple(line[:4]): list(map(float, line[4:])) for line in lines}


def measure(rows: Path) -> None:
    if not rows.exists():
        rows.write_text(",".join(COLUMNS) + "\n")
    for dims, batch, seed, norm in TRAININGS:
        key = (str(dims), str(batch), str(seed), norm)
        if key in read(rows):
            continue
        method = new_method(dims, norm, seed)
        train(method, items(cohort(dims)[:TRAINING], dims, seed), batch, STEPS[dims])
        found = np.mean([scores(method, head) for head in cohort(dims)[TRAINING:]], axis=0)
        with rows.open("a") as file:
            file.write(",".join([*key, *(f"{value:.4f}" for value in found)]) + "\n")


def table(rows: Path) -> None:
    """Means over the seeds, of MAE and bone Dice also the worst."""
    groups = defaultdict(list)
    for (dims, batch, _, norm), values in read(rows).items():
        groups[dims, batch, norm].append(values)
    print("| | norm | n | MAE HU (worst) | bone Dice (worst) | tone HU | windows: MAE HU | tilings HU | seam |")
    print("|---|---|---|---|---|---|---|---|---|")
    for (dims, batch, norm), values in sorted(groups.items(), key=lambda group: group[0][:2]):
        mae, dice, *others = zip(*values, strict=True)
        cells = [f"{np.mean(mae):.1f} ({max(mae):.1f})", f"{np.mean(dice):.3f} ({min(dice):.3f})"]
        digits = zip(map(np.mean, others), (1, 1, 1, 3), strict=True)
        cells += [f"{mean:.{places}f}" for mean, places in digits]
        print(f"| {dims}D, batch {batch} | {norm} | {len(values)} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    torch.set_num_threads(1)
    measure(Path(sys.argv[1]))
    table(Path(sys.argv[1]))
