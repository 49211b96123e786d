"""RegGAN and pix2pix on aligned and on misaligned pairs: python misaligned.py

Heads of anatomy.py, T1 to CT, slice by slice: the same U-Net, discriminator, order of slices and initial weights. The
training targets are aligned, or each is deformed by a smooth random field; the scored heads are always aligned.
"""

import itertools
from argparse import ArgumentParser

import torch
from anatomy import NETWORK, cohort, deform, new_method, scores, train

STEPS, RATE = 2000, 5e-4
DISCRIMINATOR = {"name": "patch_discriminator", "filters": 16}
METHODS = {
    "pix2pix": {"name": "pix2pix"},
    "pix2pix, weights of RegGAN": {"name": "pix2pix", "l1": 20.0, "gan_loss": "least_squares"},
    "reggan": {"name": "reggan", "registration": {"channels": [16, 32, 32, 32]}},
}
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=int, nargs="*", default=[0, 1])
    parser.add_argument("--first-head", type=int, default=0, help="16 makes heads that no choice of weights has used")
    parser.add_argument("--voxels", type=float, nargs="*", default=[0.0, 2.0], help="deviation of the random field")
    options = parser.parse_args()
    (x, y, _, body), (test_x, test_y, _, test_body) = cohort(options.first_head, DEVICE)
    for voxels, seed, (label, settings) in itertools.product(options.voxels, options.seeds, METHODS.items()):
        method = new_method(seed=seed, generator=NETWORK, discriminator=DISCRIMINATOR, **settings).to(DEVICE)
        train(method, x, deform(y, voxels), body, STEPS, seed, RATE)
        found = scores(method, test_x, test_y, test_body)
        print(f"deformed by {voxels} voxels  seed {seed}  {label:28}", found, flush=True)
