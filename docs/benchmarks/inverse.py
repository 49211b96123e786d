"""Accuracy of the inverse of a trained normalizing flow of default size: python inverse.py

Target → noise → target and noise → image → noise on slices of the test heads of anatomy.py, in float32.
"""

import torch
from anatomy import cohort, new_method, train

STEPS, RATE, EVERY = 200, 5e-4, 16

if __name__ == "__main__":
    torch.set_num_threads(1)
    (x, y, _, body), (test_x, test_y, _, _) = cohort()
    test_x, test_y = test_x[::EVERY], test_y[::EVERY]
    method = train(new_method("normalizing_flow", seed=0), x, y, body, STEPS, 0, RATE)
    noise = torch.randn(test_y.shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        nats = float(method.log_likelihood(test_y, test_x).mean()) / test_y[0].numel()
        target = method.flow(method.flow(test_y, test_x)[0], test_x, inverse=True)[0]
        recovered = method.flow(method.flow(noise, test_x, inverse=True)[0], test_x)[0]
    print(f"{len(test_y)} slices, {nats:.2f} nats a voxel")
    for name, error in (("target", target - test_y), ("noise", recovered - noise)):
        print(f"{name}: largest error {float(error.abs().max()):.1e}, median {float(error.abs().median()):.1e}")
