"""Networks start with zeros in places, which would hide what they do with their input."""

import torch


def shaken(network, deviation=0.1):
    """Every weight moved a little, then held; the network in eval mode."""
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight += deviation * torch.randn(weight.shape, generator=rng).to(weight)
    return network.eval().requires_grad_(False)
