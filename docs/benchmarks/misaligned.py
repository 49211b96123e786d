"""Does a registration in the loss help where pairs do not fit, and cost where they do? python misaligned.py

RegGAN beside pix2pix on the heads of anatomy.py, T1 to CT, slice by slice: the same U-Net, the same judge, the same
slices in the same order, the same weights at the start. The targets of the training fit, or each is bent by a smooth
random field; the scored heads always fit.
"""

import itertools
from argparse import ArgumentParser

import torch
from anatomy import NETWORK, bent, cohort, made, scores, trained

STEPS, RATE = 2000, 5e-4
JUDGE = {"name": "patch_discriminator", "filters": 16}
METHODS = {
    "pix2pix": {"name": "pix2pix"},
    "pix2pix, weighed as RegGAN": {"name": "pix2pix", "l1": 20.0, "criterion": "least_squares"},
    "registered": {"name": "registered", "registration": {"channels": [16, 32, 32, 32]}},
}
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=int, nargs="*", default=[0, 1])
    parser.add_argument("--first-head", type=int, default=0, help="16 makes heads that no choice of weights has seen")
    options = parser.parse_args()
    (x, y, _, body), (test_x, test_y, _, test_body) = cohort(options.first_head, DEVICE)
    for voxels, seed, (said, settings) in itertools.product((0.0, 2.0), options.seeds, METHODS.items()):
        method = made(seed=seed, generator=NETWORK, discriminator=JUDGE, **settings).to(DEVICE)
        trained(method, x, bent(y, voxels), body, STEPS, seed, RATE)
        found = scores(method, test_x, test_y, test_body)
        print(f"bent by {voxels} voxels  seed {seed}  {said:28}", found, flush=True)
