import math

import pytest
import torch

from tests.methods.class_conditional import (
    assert_refuses_batch_norm_with_a_gradient_penalty,
    assert_refuses_other_classes,
    assert_samples_are_of_their_class,
)
from tests.methods.tiny import batch_for, tiny


def test_the_terms_by_hand():
    """A constant discriminator: real images of classes 0 and 1 have one set of logits, generated ones another."""
    method = tiny("acgan", classes=3)
    batch = batch_for(method)
    real, fake = torch.tensor([0.5, 1, 0, -1]), torch.tensor([-1.0, 0, 0, math.log(2)])
    method.D.forward = lambda image: (real if torch.equal(image, batch.target) else fake).expand(len(image), -1)
    (_, discriminator), (_, generator) = method.losses(batch)
    assert batch.condition.tolist() == [[0.0], [1.0]]
    real_class = (-math.log(math.e / (math.e + 1 + 1 / math.e)) - math.log(1 / (math.e + 1 + 1 / math.e))) / 2
    fake_class = math.log(4)
    gan = -math.log(1 / (1 + math.exp(-0.5))), -math.log(1 - 1 / (1 + math.e))
    assert {key: float(term) for key, term in discriminator.items()} == pytest.approx(
        {"gan": (gan[0] + gan[1]) / 2, "classification": (real_class + fake_class) / 2}
    )
    assert {key: float(term) for key, term in generator.items()} == pytest.approx(
        {"gan": -math.log(1 / (1 + math.e)), "classification": math.log(4)}
    )


def test_the_penalty_is_half_the_squared_gradient_of_the_logit():
    method = tiny("acgan", classes=3, gradient_penalty=4.0)
    batch = batch_for(method)
    y = batch.target.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(method.D(y)[:, 0].sum(), y)
    _, terms = next(method.losses(batch))
    torch.testing.assert_close(terms["gradient_penalty"], 2 * gradient.square().sum((1, 2, 3)).mean())
    assert_refuses_batch_norm_with_a_gradient_penalty("acgan")


def test_other_classes_are_refused():
    assert_refuses_other_classes("acgan")


def test_samples_are_of_the_class_of_their_condition():
    assert_samples_are_of_their_class("acgan")
