"""Laws of every method, found through the registry; and each learns a toy whose answer is known."""

import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Task
from medtrans.methods import load, names
from medtrans.methods.pool import ImagePool

GENERATOR = {"name": "unet", "channels": [8, 16]}
JUDGE = {"name": "patch_discriminator", "filters": 8, "layers": 1}
TINY = {
    "regression": {"generator": GENERATOR},
    "pix2pix": {"generator": GENERATOR, "discriminator": JUDGE},
    "cyclegan": {"generator": GENERATOR, "discriminator": JUDGE, "identity": 0, "pool": 8},
}


def tiny(name, task=None, **changes):
    torch.manual_seed(0)
    kind = load(name)
    return kind(task or Task(spatial_dims=2), kind.Settings.from_dict({**TINY[name], **changes}))


def blobs(count, dice, size=16):
    """Bright discs of random place and size on dark ground: -1 to about 1."""
    axis = torch.arange(size, dtype=torch.float32)
    centre, width = (
        torch.rand((2, count, 1, 1, 1), generator=dice) * size,
        2 + 4 * torch.rand((count, 1, 1, 1), generator=dice),
    )
    distance = (axis[None, None, :, None] - centre[0]) ** 2 + (axis[None, None, None, :] - centre[1]) ** 2
    return 2 * torch.exp(-distance / width**2) - 1


def answer(x):
    return -0.8 * x


def learn(method, steps, paired):
    players = {
        name: torch.optim.Adam([p for net in nets for p in net.parameters()], lr=2e-3, betas=(0.5, 0.999))
        for name, nets in method.players().items()
    }
    dice = torch.Generator().manual_seed(1)
    method.train()
    for _ in range(steps):
        x = blobs(8, dice)
        batch = Batch(x, answer(x if paired else blobs(8, dice)), torch.ones_like(x))
        for player, terms in method.losses(batch):
            method.zero_grad()
            sum(terms.values()).backward()
            players[player].step()
    return method.eval()


@torch.no_grad()
def error(method):
    x = blobs(64, torch.Generator().manual_seed(2))
    return float((method.translate(x) - answer(x)).abs().mean())


@pytest.mark.parametrize(
    ("name", "steps", "left"), [("regression", 150, 0.1), ("pix2pix", 150, 0.1), ("cyclegan", 150, 0.2)]
)
def test_each_method_learns_a_toy(name, steps, left):
    method = tiny(name)
    before = error(method)
    assert before > 0.5
    assert error(learn(method, steps, method.pairing == "paired")) < left


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("dims", [2, 3])
def test_it_builds_from_its_defaults(name, dims):
    kind = load(name)
    method = kind(Task(spatial_dims=dims), kind.Settings())
    assert method.divisor >= 1
    assert kind.Settings.from_dict(kind.Settings().to_dict()) == kind.Settings()


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("dims", [2, 3])
def test_players_take_their_turns_with_finite_terms(name, dims):
    method = tiny(name, Task(spatial_dims=dims))
    x, y = torch.randn(2, 2, 1, *[16] * dims)
    turns = []
    for player, terms in method.losses(Batch(x, y, torch.ones_like(x))):
        turns.append(player)
        assert all(term.ndim == 0 and torch.isfinite(term) for term in terms.values())
    assert turns == list(method.turns())
    weights = [id(p) for nets in method.players().values() for net in nets for p in net.parameters()]
    assert sorted(weights) == sorted(id(p) for p in method.parameters()), "each weight belongs to exactly one player"


@pytest.mark.parametrize("name", names())
def test_saved_and_loaded_gives_the_same_output(name):
    one, other = tiny(name), tiny(name, Task(spatial_dims=2))
    for weight in other.parameters():
        torch.nn.init.constant_(weight, 0.1)
    other.load_state_dict(one.state_dict())
    x = torch.randn(1, 1, 16, 16)
    assert torch.equal(one.eval().translate(x), other.eval().translate(x))


def test_identity_needs_as_many_source_as_target_channels():
    with pytest.raises(UsageError, match=r"method\.identity: 0"):
        tiny("cyclegan", Task(spatial_dims=2, source_channels=3), identity=5)


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
