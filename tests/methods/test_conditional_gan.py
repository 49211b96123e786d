from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from medtrans.core.errors import UsageError
from medtrans.core.method import Task
from medtrans.losses.adversarial import fools, tells_apart
from tests.methods.alone_toy import distance, in_three_places, learn, places, sampled, toy_method
from tests.methods.tiny import batch_for, tiny

NET = {"channels": [8, 16]}


def made(method, batch, key):
    known = method.embedding(batch.condition[:, 0].long())
    return method.G(torch.cat([batch.normal(100, key=key), known], 1))


def test_the_auxiliary_classifier_names_real_and_made_classes():
    method = tiny("conditional_gan", conditioning="auxiliary", classes=3)
    batch = batch_for(method)
    (_, telling), (_, fooling) = method.losses(batch)
    c = batch.condition[:, 0].long()
    real, first, second = (method.D(x) for x in (batch.target, made(method, batch, 0), made(method, batch, 1)))
    named = [cross_entropy(out[:, 1:], c) for out in (real, first, second)]
    torch.testing.assert_close(
        telling, {"tell": tells_apart([real[:, :1]], [first[:, :1]], "bce"), "name": named[0] + named[1]}
    )
    torch.testing.assert_close(fooling, {"fool": fools([second[:, :1]], "bce"), "name": named[2]})


def test_the_projection_is_the_inner_product_of_class_and_features():
    method = tiny("conditional_gan", conditioning="projection", classes=3, criterion="hinge")
    batch = batch_for(method)
    *features, last = method.D.layers
    last.bias.data.zero_()
    psi, v = last.weight[0], last.weight[1:]
    phi = torch.nn.Sequential(*features)
    c = batch.condition[:, 0].long()

    def judged(image):
        return (phi(image) * (psi + v[c])).sum(1)

    (_, telling), (_, fooling) = method.losses(batch)
    real, first, second = (judged(x) for x in (batch.target, made(method, batch, 0), made(method, batch, 1)))
    torch.testing.assert_close(telling, {"tell": (torch.relu(1 - real) + torch.relu(1 + first)).mean() / 2})
    torch.testing.assert_close(fooling, {"fool": -second.mean()})


def test_classes_that_do_not_fit_are_answered():
    with pytest.raises(UsageError, match=r"preparing\.conditions: 0 are given"):
        tiny("conditional_gan", task=Task(spatial_dims=2, size=(16, 16)))
    method = tiny("conditional_gan")
    for wrong in (2.0, -1.0, 0.5, float("nan")):
        told = torch.tensor([[0.0], [wrong]])
        with pytest.raises(UsageError, match=r"method\.classes: .*from 0 to 1"):
            method.sample(2, told)
        with pytest.raises(UsageError, match=r"method\.classes: .*from 0 to 1"):
            next(method.losses(replace(batch_for(method), condition=told)))


@pytest.mark.parametrize("conditioning", ["auxiliary", "projection"])
def test_the_class_asked_for_is_the_class_made(conditioning):
    method = toy_method(
        "conditional_gan", generator=NET, discriminator=NET, latent=8, classes=3, conditioning=conditioning
    )
    learn(method, 100, in_three_places)
    asked = torch.arange(96)[:, None] % 3.0
    images = sampled(method, condition=asked)
    assert (places(images) == asked[:, 0]).float().mean() > 0.95
    real, _ = in_three_places(256, torch.Generator().manual_seed(2))
    assert distance(images, real).mean() < 0.3
