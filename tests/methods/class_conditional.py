"""What holds for every class-conditional GAN."""

from dataclasses import replace

import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.core.method import Task
from tests.methods.alone_toy import distance, in_three_places, learn, places, sampled, toy_method
from tests.methods.tiny import batch_for, tiny

NET = {"channels": [8, 16]}


def generated(method, batch, key):
    return method.G(batch.normal(method.settings.latent, key=key), batch.condition[:, 0].long())


def assert_refuses_batch_norm_with_a_gradient_penalty(name):
    task = tiny(name).task
    with pytest.raises(UsageError, match=r"discriminator\.norm: a batch norm mixes"):
        tiny(name, task=task, gradient_penalty=1.0, discriminator={"norm": "batch"})


def assert_refuses_other_classes(name):
    with pytest.raises(UsageError, match=r"preparing\.conditions: has 0 columns"):
        tiny(name, task=Task(spatial_dims=2, size=(16, 16)))
    method = tiny(name)
    for wrong in (2.0, -1.0, 0.5, float("nan")):
        condition = torch.tensor([[0.0], [wrong]])
        with pytest.raises(UsageError, match=r"method\.classes: .*from 0 to 1"):
            method.sample(2, condition)
        with pytest.raises(UsageError, match=r"method\.classes: .*from 0 to 1"):
            next(method.losses(replace(batch_for(method), condition=condition)))


def assert_samples_are_of_their_class(name, **changes):
    method = toy_method(name, generator=NET, discriminator=NET, latent=8, classes=3, **changes)
    learn(method, 100, in_three_places)
    classes = torch.arange(96)[:, None] % 3.0
    images = sampled(method, condition=classes)
    assert (places(images) == classes[:, 0]).float().mean() > 0.95
    real, _ = in_three_places(256, torch.Generator().manual_seed(2))
    assert distance(images, real).mean() < 0.3
