import torch

from medtrans.methods._image_pool import ImagePool


def test_a_pool_hands_out_what_it_was_given_until_it_is_full():
    pool = ImagePool(3)
    first = torch.arange(3.0).reshape(3, 1, 1, 1)
    assert torch.equal(pool(first), first)
    torch.manual_seed(0)
    handed = torch.cat([pool(torch.full((1, 1, 1, 1), 10.0 + n)) for n in range(40)]).ravel().tolist()
    assert len(pool.images) == 3
    assert any(value < 3 for value in handed), "the old ones come back"
    assert any(value == 10.0 + n for n, value in enumerate(handed)), "half of the time the new one goes through"


def test_a_pool_of_none_passes_everything_on():
    fake = torch.randn(2, 1, 4, 4)
    assert ImagePool(0)(fake) is fake
