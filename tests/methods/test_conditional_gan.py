import math
from dataclasses import replace

import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.core.method import Task
from tests.methods.alone_toy import distance, in_three_places, learn, places, sampled, toy_method
from tests.methods.tiny import batch_for, tiny

NET = {"channels": [8, 16]}


def made(method, batch, key):
    known = method.embedding(batch.condition[:, 0].long())
    return method.G(torch.cat([batch.normal(100, key=key), known], 1))


def test_the_auxiliary_terms_by_hand():
    """A judge that always answers alike: real images of classes 0 and 1 by one set of logits, made ones by another."""
    method = tiny("conditional_gan", conditioning="auxiliary", classes=3)
    batch = batch_for(method)
    real, fake = torch.tensor([0.5, 1, 0, -1]), torch.tensor([-1.0, 0, 0, math.log(2)])
    method.D.forward = lambda image: (real if torch.equal(image, batch.target) else fake).expand(len(image), -1)
    (_, telling), (_, fooling) = method.losses(batch)
    assert batch.condition.tolist() == [[0.0], [1.0]]
    named = (-math.log(math.e / (math.e + 1 + 1 / math.e)) - math.log(1 / (math.e + 1 + 1 / math.e))) / 2
    misnamed = math.log(4)
    told = -math.log(1 / (1 + math.exp(-0.5))), -math.log(1 - 1 / (1 + math.e))
    assert {key: float(term) for key, term in telling.items()} == pytest.approx(
        {"tell": (told[0] + told[1]) / 2, "name": (named + misnamed) / 2}
    )
    assert {key: float(term) for key, term in fooling.items()} == pytest.approx(
        {"fool": -math.log(1 / (1 + math.e)), "name": math.log(4)}
    )


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


@pytest.mark.parametrize("conditioning", ["auxiliary", "projection"])
def test_the_penalty_is_half_the_squared_slope_of_what_images_are_judged_by(conditioning):
    method = tiny("conditional_gan", conditioning=conditioning, classes=3, penalty=4.0)
    batch = batch_for(method)
    y, c = batch.target.clone().requires_grad_(), batch.condition[:, 0].long()
    said = method.D(y)
    judged = said[:, 0] + (said[torch.arange(2), 1 + c] if conditioning == "projection" else 0)
    (gradient,) = torch.autograd.grad(judged.sum(), y)
    _, telling = next(method.losses(batch))
    torch.testing.assert_close(telling["slope"], 2 * gradient.square().sum((1, 2, 3)).mean())
    with pytest.raises(UsageError, match=r"discriminator\.norm: a batch norm mixes"):
        tiny("conditional_gan", task=method.task, penalty=1.0, discriminator={"norm": "batch"})


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
