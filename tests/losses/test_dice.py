import numpy as np
import pytest
import torch

from medtrans.losses.dice import cross_entropy, dice


def drawn(mask=0.7):
    numbers = np.random.default_rng(0)
    logits, labels = numbers.normal(size=(2, 3, 4, 5)), numbers.integers(3, size=(2, 4, 5))
    truth = np.moveaxis(np.eye(3)[labels], -1, 1)
    return logits, truth, (numbers.random((2, 1, 4, 5)) < mask).astype(float)


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(1, keepdims=True)


@pytest.mark.parametrize("masked", [True, False])
def test_dice_is_the_overlap_of_the_structures_within_the_mask(masked):
    logits, truth, mask = drawn()
    counted = mask if masked else np.ones_like(mask)
    p, t = (softmax(logits) * counted)[:, 1:], (truth * counted)[:, 1:]
    wanted = 1 - np.mean(2 * (p * t).sum((0, 2, 3)) / (p + t).sum((0, 2, 3)))
    given = [torch.from_numpy(a) for a in (logits, truth, mask)]
    assert float(dice(*given[: 2 + masked])) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("masked", [True, False])
def test_cross_entropy_is_the_surprise_at_the_true_class(masked):
    logits, truth, mask = drawn()
    surprise = -np.log((softmax(logits) * truth).sum(1))
    wanted = surprise[mask[:, 0] > 0].mean() if masked else surprise.mean()
    given = [torch.from_numpy(a) for a in (logits, truth, mask)]
    assert float(cross_entropy(*given[: 2 + masked])) == pytest.approx(wanted)


def test_the_loss_of_a_confident_true_segmentation_is_zero():
    _, truth, _ = drawn()
    sure = torch.from_numpy(50 * truth)
    assert float(dice(sure, torch.from_numpy(truth))) == pytest.approx(0, abs=1e-5)
    assert float(cross_entropy(sure, torch.from_numpy(truth))) == pytest.approx(0, abs=1e-5)


def test_an_empty_mask_gives_zero():
    logits, truth, mask = (torch.from_numpy(a) for a in drawn(mask=0))
    assert float(dice(logits, truth, mask)) == pytest.approx(0)
    assert float(cross_entropy(logits, truth, mask)) == 0
