import torch

from tests.methods.class_conditional import (
    assert_refuses_batch_norm_with_a_gradient_penalty,
    assert_refuses_other_classes,
    assert_samples_are_of_their_class,
    generated,
)
from tests.methods.tiny import batch_for, tiny


def test_the_projection_is_the_inner_product_of_class_and_features():
    method = tiny("projection_gan", classes=3, gan_loss="hinge")
    batch = batch_for(method)
    *features, last = method.D.layers
    last.bias.data.zero_()
    psi, v = last.weight[0], last.weight[1:]
    phi = torch.nn.Sequential(*features)
    c = batch.condition[:, 0].long()

    def logits(image):
        return (phi(image) * (psi + v[c])).sum(1)

    (_, discriminator), (_, generator) = method.losses(batch)
    real, first, second = (logits(x) for x in (batch.target, generated(method, batch, 0), generated(method, batch, 1)))
    torch.testing.assert_close(discriminator, {"gan": (torch.relu(1 - real) + torch.relu(1 + first)).mean() / 2})
    torch.testing.assert_close(generator, {"gan": -second.mean()})


def test_the_penalty_is_half_the_squared_gradient_of_the_logit_of_the_class():
    method = tiny("projection_gan", classes=3, gradient_penalty=4.0)
    batch = batch_for(method)
    y, c = batch.target.clone().requires_grad_(), batch.condition[:, 0].long()
    output = method.D(y)
    (gradient,) = torch.autograd.grad((output[:, 0] + output[torch.arange(2), 1 + c]).sum(), y)
    _, terms = next(method.losses(batch))
    torch.testing.assert_close(terms["gradient_penalty"], 2 * gradient.square().sum((1, 2, 3)).mean())
    assert_refuses_batch_norm_with_a_gradient_penalty("projection_gan")


def test_other_classes_are_refused():
    assert_refuses_other_classes("projection_gan")


def test_samples_are_of_the_class_of_their_condition():
    assert_samples_are_of_their_class("projection_gan", gan_loss="non_saturating")
