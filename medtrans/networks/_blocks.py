"""Layers shared by networks, in 2D and 3D."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, conv_transpose3d

from medtrans.networks._norms import Norm, make_norm

Conv = {2: nn.Conv2d, 3: nn.Conv3d}
ConvTransposed = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
ReflectionPad = {2: nn.ReflectionPad2d, 3: nn.ReflectionPad3d}


class ResizeConvolution(nn.Module):
    """Resize convolution: nearest-neighbour upsampling by 2, then a 3-wide convolution; no checkerboards.

    Odena et al., Distill 2016, https://distill.pub/2016/deconv-checkerboard. Computed as one equivalent transposed
    convolution: along each axis the weights (a, b, c) become (c, b + c, a + b, a), which halves the multiplications.
    """

    def __init__(self, spatial_dims: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.convolution = Conv[spatial_dims](in_channels, out_channels, 3, padding=1)
        self.transposed = conv_transpose2d if spatial_dims == 2 else conv_transpose3d

    def forward(self, x: Tensor) -> Tensor:
        weights = self.convolution.weight.transpose(0, 1)
        for axis in range(2, weights.ndim):
            flipped = weights.flip(axis)
            edge = torch.zeros_like(flipped.narrow(axis, 0, 1))
            weights = torch.cat([flipped, edge], axis) + torch.cat([edge, flipped], axis)
        return self.transposed(x, weights, self.convolution.bias, stride=2, padding=1)


class DoubleConv(nn.Sequential):
    """Two convolutions, each followed by a norm and a leaky ReLU."""

    def __init__(self, spatial_dims: int, in_channels: int, out_channels: int, norm: Norm) -> None:
        layers: list[nn.Module] = []
        for channels in (in_channels, out_channels):
            layers += [
                Conv[spatial_dims](channels, out_channels, 3, padding=1),
                make_norm(norm, spatial_dims, out_channels),
                nn.LeakyReLU(0.1, inplace=True),
            ]
        super().__init__(*layers)


def normal_weights(network: nn.Module, std: float = 0.02) -> nn.Module:
    """Initialise convolutions from N(0, std²), biases with zero, as the GAN papers do."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)):
            nn.init.normal_(layer.weight, 0.0, std)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network
