import pytest
import torch

from medtrans.core.errors import UsageError
from tests.methods.alone_toy import distance, in_three_places, learn, places, sampled, toy_method
from tests.methods.tiny import batch_for, tiny

NET = {"channels": [8, 16]}


def formulas(gan_loss, real, fake):
    """What D and G minimise, written out."""
    log, sigmoid = torch.log, torch.sigmoid
    if gan_loss == "least_squares":
        return ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2, lambda d: ((d - 1) ** 2).mean()
    tell = -log(sigmoid(real)).mean() / 2 - log(1 - sigmoid(fake)).mean() / 2
    if gan_loss == "non_saturating":
        return tell, lambda d: -log(sigmoid(d)).mean()
    return tell, lambda d: log(1 - sigmoid(d)).mean()


@pytest.mark.parametrize("gan_loss", ["non_saturating", "saturating", "least_squares"])
def test_its_objectives_are_the_formulas(gan_loss):
    method = tiny("gan", gan_loss=gan_loss)
    batch = batch_for(method)
    (first, discriminator), (second, generator) = method.losses(batch)
    assert (first, second) == ("discriminator", "generator")
    made = [method.D(method.G(batch.normal(100, key=turn))) for turn in (0, 1)]
    tell, fool = formulas(gan_loss, method.D(batch.target), made[0])
    torch.testing.assert_close(discriminator, {"gan": tell})
    torch.testing.assert_close(generator, {"gan": fool(made[1])})


def test_the_critic_has_five_turns_and_a_gradient_penalty():
    method = tiny("gan", gan_loss="wasserstein", gradient_penalty=7.0)
    batch = batch_for(method)
    turns = list(method.losses(batch))
    assert [player for player, _ in turns] == ["discriminator"] * 5 + ["generator"]
    for turn, (_, terms) in enumerate(turns[:5]):
        fake, share = method.G(batch.normal(100, key=turn)), batch.uniform(1, 1, 1, key=32 + turn)
        between = (share * batch.target + (1 - share) * fake).detach().requires_grad_()
        slope = torch.autograd.grad(method.D(between).sum(), between)[0].square().sum((1, 2, 3)).sqrt()
        torch.testing.assert_close(terms["gan"], method.D(fake).mean() - method.D(batch.target).mean())
        torch.testing.assert_close(terms["gradient_penalty"], 7 * ((slope - 1) ** 2).mean())
    torch.testing.assert_close(turns[5][1], {"gan": -method.D(method.G(batch.normal(100, key=5))).mean()})


def test_the_penalty_has_a_gradient_for_the_critic_only():
    method = tiny("gan", gan_loss="wasserstein")
    _, terms = next(method.losses(batch_for(method)))
    terms["gradient_penalty"].backward()
    assert all(weight.grad is None for weight in method.G.parameters())
    assert any(weight.grad.abs().max() > 0 for weight in method.D.parameters() if weight.grad is not None)


def test_a_penalty_for_each_image_refuses_a_batch_norm():
    with pytest.raises(UsageError, match=r"method\.discriminator\.norm"):
        tiny("gan", gan_loss="wasserstein", discriminator={"norm": "batch"})


@pytest.mark.parametrize(("gan_loss", "steps"), [("non_saturating", 200), ("wasserstein", 50)])
def test_it_learns_where_discs_lie(gan_loss, steps):
    method = toy_method("gan", generator=NET, discriminator=NET, latent=8, gan_loss=gan_loss)
    real, _ = in_three_places(256, torch.Generator().manual_seed(2))
    assert distance(sampled(method), real).mean() > 0.6
    made = sampled(learn(method, steps, in_three_places))
    assert distance(made, real).mean() < 0.35
    assert places(made).bincount(minlength=3).min() > len(made) / 10
