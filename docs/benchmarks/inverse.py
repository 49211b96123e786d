"""How exactly a trained normalizing flow of default size comes back: python inverse.py

Target → noise → target and noise → image → noise on slices of the heads of anatomy.py that no training saw, in float32.
"""

import torch
from anatomy import cohort, made, trained

STEPS, RATE, EVERY = 200, 5e-4, 16

if __name__ == "__main__":
    torch.set_num_threads(1)
    (x, y, _, body), (test_x, test_y, _, _) = cohort()
    test_x, test_y = test_x[::EVERY], test_y[::EVERY]
    method = trained(made("normalizing_flow", seed=0), x, y, body, STEPS, 0, RATE)
    noise = torch.randn(test_y.shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        nats = float(method.log_likelihood(test_y, test_x).mean()) / test_y[0].numel()
        target = method.flow(method.flow(test_y, test_x)[0], test_x, inverse=True)[0]
        drawn = method.flow(method.flow(noise, test_x, inverse=True)[0], test_x)[0]
    print(f"{len(test_y)} slices, {nats:.2f} nats a voxel")
    for said, error in (("target", target - test_y), ("noise", drawn - noise)):
        print(f"{said} again: largest error {float(error.abs().max()):.1e}, median {float(error.abs().median()):.1e}")
