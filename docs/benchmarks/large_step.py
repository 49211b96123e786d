"""Processor seconds and memory of one training step of a recipe: python large_step.py small|large SIDE

One patch of SIDE³, after one step of 32³ that allocates; one thread, bfloat16. The segmenter is
untrained.
"""

import resource
import sys
import time

import torch

from medtrans.catalogue import find_recipe
from medtrans.core.method import Batch, Task
from medtrans.recipe import load_recipe


def step(method, optimiser, side: int) -> float:
    x, y = (torch.rand(1, 1, side, side, side) for _ in range(2))
    began = time.process_time()
    with torch.autocast("cpu", torch.bfloat16):
        ((_, terms),) = method.losses(Batch(x, y, torch.ones_like(x)))
    sum(terms.values()).backward()
    optimiser.step()
    return time.process_time() - began


if __name__ == "__main__":
    name, side = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    recipe = load_recipe(find_recipe({"small": "mri_to_ct"}.get(name, "mri_to_ct/large")))
    method = recipe.method_class(Task(spatial_dims=3), recipe.method_settings)
    if recipe.method_settings.segmenter:
        frozen = load_recipe(find_recipe("mri_to_ct/segmenter"))
        method.attach_frozen(
            "segmenter", frozen.method_class(Task(spatial_dims=3, target_channels=3), frozen.method_settings)
        )
    weights = list(method.G.parameters())
    optimiser = torch.optim.AdamW(weights)
    step(method, optimiser, 32)
    seconds, memory = step(method, optimiser, side), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    size = sum(weight.numel() for weight in weights) / 1e6
    print(f"{name}: {size:.1f} million weights, {side}³: {seconds:.1f} s, {memory:.1f} GiB")
