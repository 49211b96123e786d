import copy
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric.wrappers import is_wrapped
from safetensors.torch import load_file

from medtrans.core.errors import EnvironmentRefused, InputRefused, ModelRefused
from medtrans.methods import names
from medtrans.runs import RunFolder
from medtrans.training.journal import read_journal
from medtrans.training.loop import Diverged, train
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings
from tests.training.train_tiny import batches_of, make, run

SCRIPT = Path(__file__).with_name("train_tiny.py")


def settings(**changes):
    return TrainingSettings(
        **{"steps": 4, "batch": 2, "ema_decay": 0.0, "schedule": "constant", "device": "cpu", **changes}
    )


def trained(method, folder, batches=None, validate=None, **changes):
    options = settings(**changes)
    kept = []
    train(
        method,
        batches or batches_of(options.batch),
        options,
        RunFolder(folder),
        launch(options),
        validate=validate,
        keep=lambda m, _: kept.append(copy.deepcopy(m)),
    )
    return kept


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("place", ["batch", "losses"])
def test_want_of_memory_names_the_step(tmp_path, monkeypatch, place):
    method = make("regression")

    def full(*_):
        raise MemoryError

    def third_fails(*place):
        for number, batch in enumerate(batches_of(2)(*place)):
            yield batch if number < 2 else full()

    if place == "losses":
        monkeypatch.setattr(method, "losses", full)
    step = 3 if place == "batch" else 1
    with pytest.raises(EnvironmentRefused, match=f"^step {step} of the training: does not fit into memory; lower"):
        trained(method, tmp_path, third_fails)


def largest_difference(one, two, among=None):
    one, two = load_file(one / "weights.safetensors"), load_file(two / "weights.safetensors")
    assert one.keys() == two.keys()
    return max(float((one[name].double() - two[name].double()).abs().max()) for name in among or one)


def textbook_cyclegan(method, steps):
    """The loop everybody writes by hand, with torch alone."""
    G, F, D_X, D_Y = method.G, method.F, method.D_X, method.D_Y
    mse, l1 = torch.nn.functional.mse_loss, torch.nn.functional.l1_loss
    players = [list(G.parameters()) + list(F.parameters()), list(D_Y.parameters()) + list(D_X.parameters())]
    generators, discriminators = (torch.optim.Adam(p, lr=2e-4, betas=(0.5, 0.999)) for p in players)

    def score(logits, truth):
        return mse(logits[0], torch.full_like(logits[0], truth))

    for batch in batches_of(2)(0, steps, 0, 1):
        x, y = batch.source, batch.target
        generators.zero_grad()
        fake_y, fake_x = G(x), F(y)
        loss = score(D_Y(fake_y), 1.0) + score(D_X(fake_x), 1.0)
        loss = loss + 10 * (l1(F(fake_y), x) + l1(G(fake_x), y)) + 5 * (l1(G(y), y) + l1(F(x), x))
        loss.backward()
        generators.step()
        discriminators.zero_grad()
        loss = (score(D_Y(y), 1.0) + score(D_Y(fake_y.detach()), 0.0)) / 2
        loss = loss + (score(D_X(x), 1.0) + score(D_X(fake_x.detach()), 0.0)) / 2
        loss.backward()
        discriminators.step()


def test_the_loop_plays_cyclegan_as_the_textbook_does(tmp_path):
    ours, theirs = make("cyclegan"), make("cyclegan")
    trained(ours, tmp_path)
    textbook_cyclegan(theirs.train(), steps=4)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(mine, other, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["regression", "cyclegan", "dualgan"])
def test_killed_and_resumed_ends_bit_identical(name, tmp_path, one_thread):
    run(tmp_path / "whole", name)
    victim = subprocess.Popen([sys.executable, str(SCRIPT), str(tmp_path / "killed"), name, "--slow", "0.3"])
    deadline = time.monotonic() + 60
    while not (tmp_path / "killed/checkpoints/last.ckpt").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    assert not (tmp_path / "killed/weights.safetensors").exists(), "the run ended before it was killed"
    run(tmp_path / "killed", name)
    assert largest_difference(tmp_path / "whole", tmp_path / "killed") == 0.0
    whole, killed = (read_journal(tmp_path / side / "journal.csv") for side in ("whole", "killed"))
    timeless = [[{k: v for k, v in row.items() if k != "seconds"} for row in rows] for rows in (whole, killed)]
    assert timeless[0] == timeless[1]


@pytest.fixture(scope="module")
def in_two_processes(tmp_path_factory):
    """Every method trained by two processes, one after the other: starting them takes longer than they do."""
    folder = tmp_path_factory.mktemp("two")
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [sys.executable, *torchrun, str(SCRIPT), str(folder), *names()],
        capture_output=True,
        text=True,
        timeout=580,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.parametrize("name", names())
def test_two_processes_equal_one(name, tmp_path, in_two_processes, one_thread):
    """Weights, with masks of different sizes. Running statistics are each process's own, as a batch norm's are."""
    run(tmp_path, name)
    weights = [key for key, _ in make(name).named_parameters()]
    assert largest_difference(tmp_path, in_two_processes / name, weights) < 1e-9


def test_two_accumulated_batches_equal_one_of_twice_the_size(tmp_path):
    """Where their masks count equally many voxels."""
    whole, halves = make("cyclegan"), make("cyclegan")
    trained(whole, tmp_path / "whole", batch=4, steps=3)
    trained(halves, tmp_path / "halves", batches=batches_of(2), batch=2, accumulate_grad_batches=2, steps=3)
    for one, other in zip(whole.parameters(), halves.parameters(), strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-5)


def test_the_journal_names_every_term(tmp_path):
    trained(make("cyclegan"), tmp_path, steps=3, log_every=1)
    rows = read_journal(tmp_path / "journal.csv")
    assert [row["step"] for row in rows] == [1, 2, 3]
    terms = {"gan_Y", "gan_X", "cycle", "identity"}
    expected = {f"generators/{t}" for t in terms} | {"discriminators/D_Y", "discriminators/D_X"}
    assert rows[0].keys() == expected | {"step", "seconds", "learning_rate"}


def test_the_best_model_by_the_named_metric_is_kept(tmp_path):
    scores = iter([3.0, 1.0, 2.0, 1.5])
    kept = trained(
        make("regression"), tmp_path, validate=lambda m: {"mae": next(scores)}, validate_every=1, log_every=1
    )
    assert len(kept) == 2
    assert [row["validation/mae"] for row in read_journal(tmp_path / "journal.csv")] == [3.0, 1.0, 2.0, 1.5]


def test_a_loss_that_is_not_finite_stops_the_training(tmp_path):
    def poisoned(*where):
        for batch in batches_of(2)(*where):
            batch.source[:] = float("nan")
            yield batch

    with pytest.raises(Diverged, match=r"generator/l1 is not finite"):
        trained(make("regression"), tmp_path, batches=poisoned, log_every=1)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    trained(make("regression"), tmp_path)
    with pytest.raises(ModelRefused, match="learning_rate"):
        trained(make("regression"), tmp_path, learning_rate=2e-3)


def test_a_checkpoint_of_another_method_with_the_same_optimiser_is_refused(tmp_path):
    trained(make("pix2pix"), tmp_path)
    with pytest.raises(ModelRefused, match="another method"):
        trained(make("cyclegan"), tmp_path)


def test_a_flipped_bit_in_a_checkpoint_is_refused(tmp_path):
    trained(make("regression"), tmp_path)
    checkpoint = RunFolder(tmp_path).checkpoint
    original = checkpoint.read_bytes()
    for position in np.random.default_rng(0).choice(len(original), 20, replace=False):
        data = bytearray(original)
        data[position] ^= 4
        checkpoint.write_bytes(data)
        with pytest.raises(ModelRefused, match=r"checksum|is not a checkpoint"):
            trained(make("regression"), tmp_path)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("step,seconds\n")])
def test_a_journal_that_lost_its_rows_stops_the_resumed_training(tmp_path, spoil):
    trained(make("regression"), tmp_path)
    spoil(RunFolder(tmp_path).journal)
    with pytest.raises(InputRefused, match=r"journal\.csv: does not hold the rows .*; copy it back"):
        trained(make("regression"), tmp_path)


def test_training_leaves_global_random_numbers_alone(tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    method = make("regression")
    torch.manual_seed(5)
    trained(method, tmp_path)
    assert torch.equal(torch.rand(3), expected)


def stopped_and_resumed(make_one, folder):
    """Six steps, interrupted after the third; by another object from there."""

    class Stop(Exception):
        pass

    def stop_after_three(progress):
        if progress.step == 3:
            raise Stop

    options = settings(steps=6, checkpoint_every=3)
    stop = {"keep": lambda kept: None, "on_progress": stop_after_three}
    with pytest.raises(Stop):
        train(make_one(), batches_of(2), options, RunFolder(folder), launch(options), **stop)
    fresh = make_one()
    trained(fresh, folder, steps=6, checkpoint_every=3)
    return fresh


def test_the_image_pool_survives_a_checkpoint(tmp_path):
    whole = make("cyclegan", pool=4)
    trained(whole, tmp_path / "whole", steps=6)
    resumed = stopped_and_resumed(lambda: make("cyclegan", pool=4), tmp_path / "parts")
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_two_dimensional_networks_have_their_channels_last_and_resume_bit_for_bit(tmp_path):
    whole = make("cyclegan")
    trained(whole, tmp_path / "whole", steps=6)
    resumed = stopped_and_resumed(lambda: make("cyclegan"), tmp_path / "parts")
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)
        assert one.ndim != 4 or one.is_contiguous(memory_format=torch.channels_last)


def test_what_plays_is_wrapped_and_what_is_merely_held_is_not(tmp_path):
    method = make("regression")
    method.held = torch.nn.Linear(2, 2)
    held, before = method.held, method.held.weight.clone()
    trained(method, tmp_path)
    assert is_wrapped(method.G)
    assert method.held is held
    assert torch.equal(held.weight, before)


def test_a_budget_of_processor_time_stops_the_training_and_counts_no_waiting(tmp_path):
    def slow(first, last, rank, world):
        for batch in batches_of(2)(first, last, rank, world):
            time.sleep(0.05)
            yield batch

    began, spent = time.monotonic(), time.process_time()
    trained(make("regression"), tmp_path, batches=slow, steps=10**6, minutes=0.3 / 60, clock="cpu", log_every=1)
    waited, spent = time.monotonic() - began, time.process_time() - spent
    rows = read_journal(tmp_path / "journal.csv")
    assert 0.3 <= rows[-1]["seconds"] <= spent < waited
    assert waited - spent > 0.04 * len(rows)
