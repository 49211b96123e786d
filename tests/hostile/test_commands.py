"""Every command that writes is killed, and its disk filled or broken, at every single change of its folder.

Afterwards each file is whole or absent, older files are there, disk faults have exit code 5 and one sentence, and the
same command again gives what an undisturbed one gives, and leaves nothing else.
"""

import functools
import shutil

import pytest

from medtrans.metrics.image.ms_ssim import MSSSIM
from medtrans.phantoms import cohort as phantom_cohort
from medtrans.reporting import page
from medtrans.stages import _run_page, compare, demo, evaluation_page
from tests.hostile.commands import cohort, command, image_sets, restored, sampler
from tests.hostile.faults import Killed, every_fault
from tests.hostile.saved_files import PAGE, contents, files, holds, strays

pytestmark = pytest.mark.hostile


@pytest.fixture(autouse=True, scope="module")
def plain_pages():
    """Pages are not drawn, the slowest metric is not computed, and synthetic heads only once: what is tested is how
    they are written."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (_run_page, evaluation_page):
            patch.setattr(module, "evaluation_report", lambda *_, **__: None)
        patch.setattr(_run_page, "displayed_cases", lambda *_: ([], []))
        patch.setattr(page, "render", lambda _: PAGE)
        patch.setattr(MSSSIM, "__call__", lambda *_: 0.5)
        patch.setattr(compare, "render_comparison", lambda *_: PAGE)
        make_head = functools.cache(phantom_cohort.make_head)
        patch.setattr(
            phantom_cohort,
            "make_head",
            lambda seed, *, shape, spacing, **_: make_head(seed, shape=shape, spacing=spacing),
        )
        yield


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Small inputs of all commands, and two finished runs."""
    folder = tmp_path_factory.mktemp("inputs")
    recipe = cohort(folder / "cohort")
    image_sets(folder / "sets")
    sampler(folder / "vae")
    for name in ("one", "two"):
        assert command("run", recipe, "--folder", folder / name) == 0
    return folder


def evaluate(inputs, out, old=False):
    first, second = ("target", "translated") if old else ("translated", "target")
    sets, labels = inputs / "sets", inputs / "sets" / "labels"
    words = ["evaluate", "--translated", sets / first, "--target", sets / second, "--preset", "mr-percentile"]
    words += ["--label-maps", labels, "--reference-labels", labels, "--labels", "{body: 1}"]
    return [*words, "-o", out / "scores.csv", "--report", out / "page"]


def comparison(inputs, out, old=False):
    runs = [inputs / name for name in ("one", "two")]
    return ["compare", *(reversed(runs) if old else runs), "-o", out]


def distances(inputs, out, old=False):
    sets = [inputs / "sets" / name for name in ("translated", "target")]
    return ["distances", *(reversed(sets) if old else sets), "-o", out / "table.csv"]


def sample(inputs, out, old=False):
    return ["sample", "-m", inputs / "vae", "-o", out, "-n", "2", "--device", "cpu", "--seed", str(int(old))]


def phantoms(inputs, out, old=False):
    return ["phantoms", "-o", out, "--count", "1", "--spacing", "12", "--contrasts", "CT,T1" if old else "T1,CT"]


def assert_told(outcome, fault, capsys, codes=(0, 5)):
    """A killed command says nothing; one that failed has its exit code and one sentence."""
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("medtrans: error: ")]
    if fault.startswith("kill"):
        assert isinstance(outcome, Killed), fault
        return
    assert outcome in codes, (fault, outcome, said)
    assert len(said) == (outcome == 5), (fault, said)


@pytest.mark.parametrize("words", [evaluate, comparison, distances, sample, phantoms])
@pytest.mark.parametrize("before", [False, True], ids=["new", "over older files"])
def test_after_every_fault_files_are_whole_and_the_command_again_completes(
    words, before, inputs, tmp_path, capsys, record_property
):
    root, older, clean = tmp_path / "root", tmp_path / "older" / "out", tmp_path / "clean"
    assert command(*words(inputs, clean)) == 0
    assert command(*words(inputs, older, old=True)) == 0
    expected, old = contents(clean), contents(older) if before else {}
    assert expected != contents(older)
    again = [*words(inputs, root / "out"), "--overwrite"]
    count = 0
    for fault, outcome in every_fault(
        root,
        lambda: command(*(again if before else again[:-1])),
        lambda: restored(root, older.parent if before else None),
    ):
        count += 1
        assert_told(outcome, fault, capsys)
        found = contents(root)
        assert all(value in (expected[name[4:]], old.get(name[4:])) for name, value in found.items()), fault
        assert {name for name in found if name[4:] in old} == {f"out/{name}" for name in old}, fault
        assert outcome != 0 or contents(root / "out") == expected, fault
        assert command(*again) == 0, fault
        assert contents(root / "out") == expected, fault
        assert not strays(root), fault
    record_property(
        "hostile", f"{words.__name__}{' over older files' if before else ''}: {count} kills and disk faults"
    )


def assert_resumes(verb, recipe, state, clean, root, capsys, codes):
    expected, count = contents(clean), 0
    again = [verb, recipe, "--folder", root / "run"]
    for fault, outcome in every_fault(root, lambda: command(*again), lambda: restored(root, state)):
        count += 1
        assert_told(outcome, fault, capsys, codes)
        for path in files(root).values():
            holds(path)
        assert command(*again) == 0, fault
        assert contents(root / "run") == expected, fault
        assert not strays(root), fault
    return count


def test_a_training_resumes_bit_for_bit_after_every_fault(inputs, tmp_path, capsys, record_property):
    recipe, clean = inputs / "cohort" / "recipe.yaml", tmp_path / "clean"
    assert command("train", recipe, "--folder", clean) == 0
    count = assert_resumes("train", recipe, None, clean, tmp_path / "root", capsys, (0, 5))
    record_property("hostile", f"train: {count} kills and disk faults, all resumed bit for bit")


def test_a_run_resumes_bit_for_bit_after_every_fault_behind_its_training(inputs, tmp_path, capsys, record_property):
    """A test case that could not be written has exit code 1, and is named."""
    recipe, state, clean = inputs / "cohort" / "recipe.yaml", tmp_path / "state", tmp_path / "clean"
    assert command("train", recipe, "--folder", state / "run") == 0
    restored(clean, state)
    assert command("run", recipe, "--folder", clean / "run") == 0
    count = assert_resumes("run", recipe, state, clean / "run", tmp_path / "root", capsys, (0, 1, 5))
    record_property("hostile", f"run of a trained model: {count} kills and disk faults, all resumed bit for bit")


def test_the_heads_of_the_demo_are_completed_after_every_fault(tmp_path, monkeypatch, record_property):
    for name, value in {"HEADS": 2, "SHAPE": (16, 18, 16), "SPACING": 12.0, "run": lambda *_, **__: True}.items():
        monkeypatch.setattr(demo, name, value)
    demo.demo(tmp_path / "clean")
    expected, root, count = contents(tmp_path / "clean"), tmp_path / "root", 0
    for fault, _ in every_fault(root, lambda: demo.demo(root), lambda: restored(root, None)):
        count += 1
        assert all(expected[name] == value for name, value in contents(root).items()), fault
        demo.demo(root)
        assert contents(root) == expected, fault
        assert not strays(root), fault
    shutil.rmtree(root)
    record_property("hostile", f"heads of the demo: {count} kills and disk faults")
