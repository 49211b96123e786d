import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch
from tests.methods.blobs_toy import blobs, learn, toy_method, unseen

SETTINGS = {
    "generator": {"name": "unet", "channels": [8, 16]},
    "discriminator": {"name": "patch_discriminator", "filters": 8, "layers": 1},
}
N = 3


def made(**changes):
    return toy_method("multi_contrast", N, N, **{**SETTINGS, **changes})


def contrasts(count, rng):
    """Three that look at one thing, each computable from each."""
    z = blobs(count, rng)
    x = torch.cat([2 * z - 1, 0.6 - 1.4 * z, 1.6 * z**2 - 0.9], dim=1)
    return x, x


def spied(method):
    """What G sees, one after the other."""
    observed = []
    method.G.register_forward_pre_hook(lambda _, inputs: observed.append(inputs[0]))
    return observed


def codes(observed):
    """Which contrasts are shown, and which is asked for: (batch, contrasts) each."""
    return observed[:, N:, 0, 0].split(N, dim=1)


def test_each_contrast_comes_from_any_single_other():
    method, (x, _) = learn(made(), 200, contrasts), unseen(contrasts)
    for given in range(N):
        alone = torch.full_like(x, -1.0)
        alone[:, given] = x[:, given]
        with torch.no_grad():
            error = (method.translate(alone) - x).abs().mean((0, 2, 3))
        assert error[given] == 0, "what is given alone is returned"
        assert error.max() < 0.15
    assert (x - x.mean((0, 2, 3), keepdim=True)).abs().mean((0, 2, 3)).min() > 0.2, "which is not easy"


def test_the_target_contrast_is_never_an_input_and_there_is_at_least_one_input():
    method = made()
    observed, x = spied(method), contrasts(256, torch.Generator().manual_seed(0))[0]
    list(method.losses(Batch(x, x, seeds=torch.arange(256))))
    available, requested = codes(observed[0])
    assert (available * requested).sum() == 0
    assert requested.sum(1).eq(1).all()
    assert set(available.sum(1).tolist()) == {1.0, 2.0}
    assert requested.mean(0).min() > 0.25
    assert available.mean(0).min() > 0.4
    hidden = available[:, :, None, None].expand_as(x) == 0
    assert (observed[0][:, :N][hidden] == -1).all()
    assert torch.equal(observed[0][:, :N][~hidden], x[~hidden])


def test_a_missing_contrast_is_neither_an_input_nor_a_target():
    method = made(conditions=N)
    observed, x = spied(method), contrasts(64, torch.Generator().manual_seed(0))[0]
    list(method.losses(Batch(x, x, None, torch.tensor([[1.0, 0.0, 1.0]]).expand(64, -1))))
    available, requested = codes(observed[0])
    assert available[:, 1].sum() == requested[:, 1].sum() == 0
    assert torch.equal(available + requested, torch.tensor([[1.0, 0.0, 1.0]]).expand(64, -1))


def test_the_file_of_a_missing_contrast_is_ignored():
    method = made(conditions=N).eval()
    x, _ = contrasts(2, torch.Generator().manual_seed(0))
    other = x.clone()
    other[:, 1] = x[:, 0]
    known = torch.tensor([[1.0, 0.0, 1.0]]).expand(2, -1)
    with torch.no_grad():
        assert torch.equal(method.translate(x, known), method.translate(other, known))


def test_the_l1_loss_is_that_of_the_target_contrast():
    method = made(adversarial=0, l1=2)
    observed, (x, _) = spied(method), contrasts(16, torch.Generator().manual_seed(0))
    ((player, terms),) = method.losses(Batch(x, x, seeds=torch.arange(16)))
    assert player == "generator"
    assert list(method.players()) == ["generator"]
    wanted = x[codes(observed[0])[1] > 0][:, None]
    with torch.no_grad():
        assert float(terms["l1"].detach()) == pytest.approx(2 * float((method.G(observed[0]) - wanted).abs().mean()))


@pytest.mark.parametrize(
    "wrong", [{"source": 1, "target": 1}, {"source": 3, "target": 2}, {"source": 3, "target": 3, "conditions": 1}]
)
def test_a_task_that_is_no_stack_of_contrasts_is_refused(wrong):
    with pytest.raises(UsageError):
        toy_method("multi_contrast", **wrong, **SETTINGS)


@pytest.mark.parametrize("wrong", [[0.0] * N, [2.0, *[0.0] * (N - 1)], [1.0, *[0.5] * (N - 1)]])
def test_conditions_other_than_zero_and_one_are_refused(wrong):
    method, x = made(conditions=N), torch.zeros(1, N, 16, 16)
    with pytest.raises(UsageError, match="does not say which contrasts are available"):
        method.translate(x, torch.tensor([wrong]))
    with pytest.raises(UsageError, match="does not say which contrasts are available"):
        next(method.losses(Batch(x, x, condition=torch.tensor([wrong]))))
