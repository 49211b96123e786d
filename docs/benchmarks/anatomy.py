"""Effect of a segmenter feature loss on bone, T1 to CT of synthetic heads: python anatomy.py

Sixteen heads of 3 mm, slice by slice; twelve train, four are scored inside the body. Pairs are aligned, or each target
is deformed by a smooth random field, as after a failed registration; the test pairs are aligned. All trainings of a
seed start with the same weights and use the same slices. Bone is above 250 HU.
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

HEADS, TRAINING, STEPS, BONE = 16, 12, 800, 250
NETWORK = {"name": "unet", "channels": [12, 24, 48, 48]}
HU = 4095 / 2
"""HU in one normalised unit."""


def slices(seed):
    """Axial slices of one head with body in them: T1, CT, bone and body (slice, 1, 64, 72)."""
    head = make_head(seed, shape=(64, 72, 64), spacing=3.0)
    t1, ct = (paint(head, name, np.random.default_rng([seed, n])) for n, name in enumerate(("T1", "CT")))
    preparation = Preparation(PreparingSettings())
    source, target = preparation.prepare_source(t1), preparation.prepare_target(ct, like=t1)
    parts = (source.voxels[0], target.voxels[0], ct.voxels[0] > BONE, head.body)
    kept = head.body.any(axis=(0, 1))
    return [torch.from_numpy(np.moveaxis(part, 2, 0)[kept, None].astype(np.float32)) for part in parts]


def cohort(first: int = 0, device: str = "cpu"):
    """Slices of the training heads and of the test heads, from the head `first` on."""
    heads = [[part.to(device) for part in slices(number)] for number in range(first, first + HEADS)]
    return ([torch.cat(part) for part in zip(*side, strict=True)] for side in (heads[:TRAINING], heads[TRAINING:]))


def deform(image, voxels: float):
    """Each slice deformed by its own smooth random field of so many voxels (standard deviation at its knots)."""
    knots = torch.randn((len(image), 2, 8, 9), generator=torch.Generator().manual_seed(5)).to(image)
    return warp(image, voxels * interpolate(knots, size=image.shape[2:], mode="bicubic", align_corners=True))


def train(method: Method, source, target, mask, steps: int, seed: int, rate: float = 2e-3) -> Method:
    weights = {player: [w for net in nets for w in net.parameters()] for player, nets in method.players().items()}
    optimizers = {player: torch.optim.Adam(mine, lr=rate) for player, mine in weights.items()}
    generator = torch.Generator().manual_seed(seed)
    schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(each, steps) for each in optimizers.values()]
    for _ in range(steps):
        chosen = torch.randint(len(source), (4,), generator=generator)
        for player, terms in method.losses(Batch(source[chosen], target[chosen], mask[chosen])):
            method.zero_grad()
            sum(terms.values()).backward()
            optimizers[player].step()
        for schedule in schedules:
            schedule.step()
    return method.eval()


def new_method(name: str, seed: int, **settings) -> Method:
    torch.manual_seed(seed)
    kind = load(name)
    return kind(Task(spatial_dims=2), kind.Settings.from_dict(settings))


@torch.no_grad()
def scores(method: Method, source, target, mask) -> str:
    image, body = method.translate(source), mask > 0
    bone, found = (((voxels + 1) * HU - 1024 > BONE) & body for voxels in (target, image))
    dice = 2 * (bone & found).sum() / (bone.sum() + found.sum())
    return f"MAE {HU * float((image - target).abs()[body].mean()):6.1f} HU   bone Dice {float(dice):.3f}"


if __name__ == "__main__":
    torch.set_num_threads(1)
    (x, y, bone, body), (test_x, test_y, _, test_body) = cohort()
    segmenter = train(new_method("segmenter", 0, network=NETWORK), y, 2 * bone - 1, body, STEPS // 2, 0)
    for voxels, seed, weight in itertools.product((0.0, 2.0), (0, 1), (0.0, 3.0)):
        settings = {"segmenter_feature_weight": weight, "segmenter": "the one above"}
        method = new_method("regression", seed, generator=NETWORK, **settings)
        method.attach_frozen("segmenter", segmenter)
        train(method, x, deform(y, voxels), body, STEPS, seed)
        label = f"deformed by {voxels} voxels  seed {seed}  feature weight {weight}  "
        print(label, scores(method, test_x, test_y, test_body), flush=True)
