import torch
from torch.distributions import Normal, kl_divergence

from medtrans.losses.divergence import kl_to_standard_normal

MEAN, LOGVAR = torch.tensor([[0.0, 1.5], [-0.7, 2.0]]), torch.tensor([[0.0, -1.0], [0.8, -3.0]])


def test_it_is_the_closed_form_summed_over_a_code():
    expected = kl_divergence(Normal(MEAN, (LOGVAR / 2).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(kl_to_standard_normal(MEAN, LOGVAR), expected)
    torch.testing.assert_close(kl_to_standard_normal(MEAN[..., None, None], LOGVAR[..., None, None]), expected)


def test_it_equals_the_estimate_from_sampled_codes():
    code, prior = Normal(MEAN, (LOGVAR / 2).exp()), Normal(0.0, 1.0)
    z = MEAN + code.stddev * torch.randn((200_000, 2, 2), generator=torch.Generator().manual_seed(0))
    estimate = (code.log_prob(z) - prior.log_prob(z)).sum(2).mean(0)
    torch.testing.assert_close(kl_to_standard_normal(MEAN, LOGVAR), estimate, atol=0.02, rtol=0)


def test_the_divergence_of_the_prior_is_zero():
    assert torch.equal(kl_to_standard_normal(torch.zeros(1, 3), torch.zeros(1, 3)), torch.zeros(1))
