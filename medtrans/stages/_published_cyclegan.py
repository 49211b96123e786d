"""CycleGAN as published, in plain PyTorch: the reference for the speed of a training step.

Zhu et al., ICCV 2017, https://arxiv.org/abs/1703.10593, without the image pool: plain layers, plain Adam, batch 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss

from medtrans.core.method import Batch


def training_steps(batches: Iterator[Batch]) -> Iterator[None]:
    """One step per batch."""
    g, f = _generator(), _generator()
    discriminators = _discriminator(), _discriminator()
    d_x, d_y = discriminators
    of_generators = torch.optim.Adam([*g.parameters(), *f.parameters()], lr=2e-4, betas=(0.5, 0.999))
    of_discriminators = torch.optim.Adam([*d_x.parameters(), *d_y.parameters()], lr=2e-4, betas=(0.5, 0.999))
    for batch in batches:
        x, y = batch.source, batch.target
        fake_y, fake_x = g(x), f(y)
        for discriminator in discriminators:
            discriminator.requires_grad_(False)
        loss = _mse(d_y, fake_y, 1) + _mse(d_x, fake_x, 1) + 10 * (l1_loss(f(fake_y), x) + l1_loss(g(fake_x), y))
        loss = loss + 5 * (l1_loss(g(y), y) + l1_loss(f(x), x))
        of_generators.zero_grad()
        loss.backward()
        of_generators.step()
        for discriminator in discriminators:
            discriminator.requires_grad_(True)
        loss = _mse(d_y, y, 1) + _mse(d_y, fake_y.detach(), 0) + _mse(d_x, x, 1) + _mse(d_x, fake_x.detach(), 0)
        of_discriminators.zero_grad()
        (loss / 2).backward()
        of_discriminators.step()
        yield


def _mse(discriminator: nn.Module, image: Tensor, label: float) -> Tensor:
    logits = discriminator(image)
    return mse_loss(logits, torch.full_like(logits, label))


class _ResidualBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        half = [[nn.ReflectionPad2d(1), nn.Conv2d(256, 256, 3), nn.InstanceNorm2d(256)] for _ in range(2)]
        self.change = nn.Sequential(*half[0], nn.ReLU(True), *half[1])

    def forward(self, x: Tensor) -> Tensor:
        """x + F(x)."""
        return x + self.change(x)


def _generator() -> nn.Module:
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(1, 64, 7), nn.InstanceNorm2d(64), nn.ReLU(True)]
    for n in (128, 256):
        layers += [nn.Conv2d(n // 2, n, 3, stride=2, padding=1), nn.InstanceNorm2d(n), nn.ReLU(True)]
    layers += [_ResidualBlock() for _ in range(9)]
    for n in (128, 64):
        doubling = nn.ConvTranspose2d(2 * n, n, 3, stride=2, padding=1, output_padding=1)
        layers += [doubling, nn.InstanceNorm2d(n), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(64, 1, 7), nn.Tanh())


def _discriminator() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(1, 64, 4, stride=2, padding=1), nn.LeakyReLU(0.2, True)]
    for n, stride in ((128, 2), (256, 2), (512, 1)):
        layers += [nn.Conv2d(n // 2, n, 4, stride=stride, padding=1), nn.InstanceNorm2d(n), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(512, 1, 4, padding=1))
