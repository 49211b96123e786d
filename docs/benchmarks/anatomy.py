"""Does a segmenter that looks on draw better bone? T1 to CT of made heads, with and without: python anatomy.py

Sixteen heads of 3 mm, slice by slice; twelve train, four are scored inside the body. Pairs are aligned, or each target
is bent by a smooth random field, as where a registration has failed; the scored ones are aligned. All trainings of a
seed begin with the same weights and see the same slices. Bone is above 250 HU.
"""

import itertools

import numpy as np
import torch
from torch.nn.functional import interpolate

from medtrans.core.method import Batch, Method, Task
from medtrans.losses.deformation import warp
from medtrans.methods import load
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings

HEADS, TRAINED, STEPS, BONE = 16, 12, 800, 250
NETWORK = {"name": "unet", "channels": [12, 24, 48, 48]}
HU = 4095 / 2
"""Of one normalised unit."""


def slices(seed):
    """Of one head, axial, those with body: T1, CT, bone and body (slice, 1, 64, 72)."""
    head = make_head(seed, shape=(64, 72, 64), spacing=3.0)
    t1, ct = (paint(head, name, np.random.default_rng([seed, n])) for n, name in enumerate(("T1", "CT")))
    preparation = Preparation(PreparingSettings())
    source, target = preparation.prepare_source(t1), preparation.prepare_target(ct, like=t1)
    parts = (source.voxels[0], target.voxels[0], ct.voxels[0] > BONE, head.body)
    kept = head.body.any(axis=(0, 1))
    return [torch.from_numpy(np.moveaxis(part, 2, 0)[kept, None].astype(np.float32)) for part in parts]


def cohort(first: int = 0, device: str = "cpu"):
    """Of the heads from that number on what `slices` gives, of all that train and of all that are scored."""
    heads = [[part.to(device) for part in slices(number)] for number in range(first, first + HEADS)]
    return ([torch.cat(part) for part in zip(*side, strict=True)] for side in (heads[:TRAINED], heads[TRAINED:]))


def bent(image, voxels: float):
    """Each slice moved by a smooth random field of its own, of so many voxels (standard deviation at its knots)."""
    knots = torch.randn((len(image), 2, 8, 9), generator=torch.Generator().manual_seed(5)).to(image)
    return warp(image, voxels * interpolate(knots, size=image.shape[2:], mode="bicubic", align_corners=True))


def trained(method: Method, source, target, mask, steps: int, seed: int, rate: float = 2e-3) -> Method:
    weights = {player: [w for net in nets for w in net.parameters()] for player, nets in method.players().items()}
    optimizers = {player: torch.optim.Adam(mine, lr=rate) for player, mine in weights.items()}
    dice = torch.Generator().manual_seed(seed)
    schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(each, steps) for each in optimizers.values()]
    for _ in range(steps):
        chosen = torch.randint(len(source), (4,), generator=dice)
        for player, terms in method.losses(Batch(source[chosen], target[chosen], mask[chosen])):
            method.zero_grad()
            sum(terms.values()).backward()
            optimizers[player].step()
        for schedule in schedules:
            schedule.step()
    return method.eval()


def made(name: str, seed: int, **settings) -> Method:
    torch.manual_seed(seed)
    kind = load(name)
    return kind(Task(spatial_dims=2), kind.Settings.from_dict(settings))


@torch.no_grad()
def scores(method: Method, source, target, mask) -> str:
    image, body = method.translate(source), mask > 0
    bone, drawn = (((voxels + 1) * HU - 1024 > BONE) & body for voxels in (target, image))
    dice = 2 * (bone & drawn).sum() / (bone.sum() + drawn.sum())
    return f"MAE {HU * float((image - target).abs()[body].mean()):6.1f} HU   bone Dice {float(dice):.3f}"


if __name__ == "__main__":
    torch.set_num_threads(1)
    (x, y, bone, body), (test_x, test_y, _, test_body) = cohort()
    segmenter = trained(made("segmenter", 0, network=NETWORK), y, 2 * bone - 1, body, STEPS // 2, 0)
    for voxels, seed, anatomy in itertools.product((0.0, 2.0), (0, 1), (0.0, 3.0)):
        method = made("regression", seed, generator=NETWORK, anatomy=anatomy, segmenter="the one above")
        method.attach_frozen("segmenter", segmenter)
        trained(method, x, bent(y, voxels), body, STEPS, seed)
        said = f"bent by {voxels} voxels  seed {seed}  anatomy {anatomy}  "
        print(said, scores(method, test_x, test_y, test_body), flush=True)
