"""The few layers the generators share, in 2D and 3D."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, conv_transpose3d

from medtrans.networks._norms import Norm, make_norm
from medtrans.networks._winograd import convolve, pays

Conv = {2: nn.Conv2d, 3: nn.Conv3d}
ConvTransposed = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
ReflectionPad = {2: nn.ReflectionPad2d, 3: nn.ReflectionPad3d}


class ThreeWide2d(nn.Conv2d):
    """A Conv2d 3 wide without padding, Winograd's way while training where that pays.

    Not while translating: there an output depends on its receptive field alone, to the last bit.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and pays(x, self.weight):
            return convolve(x, self.weight, self.bias)
        return super().forward(x)


class ThreeWide3d(nn.Conv3d):
    """Likewise."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and pays(x, self.weight):
            return convolve(x, self.weight, self.bias)
        return super().forward(x)


Conv3x3 = {2: ThreeWide2d, 3: ThreeWide3d}


class ResizeConvolution(nn.Module):
    """Nearest neighbours, twice the size, then a 3-wide convolution: no checkerboards.

    Odena et al., Distill 2016, https://distill.pub/2016/deconv-checkerboard. Computed as the one transposed convolution
    that equals the two: along each axis the taps (a, b, c) become (c, b + c, a + b, a), which halves the work.
    """

    def __init__(self, spatial_dims: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.convolution = Conv[spatial_dims](in_channels, out_channels, 3, padding=1)
        self.transposed = conv_transpose2d if spatial_dims == 2 else conv_transpose3d

    def forward(self, x: Tensor) -> Tensor:
        taps = self.convolution.weight.transpose(0, 1)
        for axis in range(2, taps.ndim):
            turned = taps.flip(axis)
            edge = torch.zeros_like(turned.narrow(axis, 0, 1))
            taps = torch.cat([turned, edge], axis) + torch.cat([edge, turned], axis)
        return self.transposed(x, taps, self.convolution.bias, stride=2, padding=1)


class DoubleConv(nn.Sequential):
    """Convolution, norm, leaky ReLU; twice."""

    def __init__(self, spatial_dims: int, in_channels: int, out_channels: int, norm: Norm) -> None:
        layers: list[nn.Module] = []
        for channels in (in_channels, out_channels):
            layers += [
                Conv[spatial_dims](channels, out_channels, 3, padding=1),
                make_norm(norm, spatial_dims, out_channels),
                nn.LeakyReLU(0.1, inplace=True),
            ]
        super().__init__(*layers)


def normal_weights(network: nn.Module, deviation: float = 0.02) -> nn.Module:
    """Convolutions drawn from N(0, deviation), biases zero, as the GAN papers do."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)):
            nn.init.normal_(layer.weight, 0.0, deviation)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network
