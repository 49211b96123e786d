import pytest

from medtrans.catalogue import find_recipe
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._half_run import half_run
from medtrans.training.checkpoint import save_checkpoint
from medtrans.training.journal import Journal


def recipe(*changes):
    return load_recipe(find_recipe("t1_to_t2"), ["training.steps=40", *changes], quick=True)


def finished(folder, of):
    run = RunFolder(folder)
    run.model.mkdir(parents=True)
    run.recipe.write_text(of.to_yaml())
    journal = Journal(run.journal)
    journal.add(20, **{"validation/mae": 4.0}, learning_rate=0.001)
    journal.write()
    save_checkpoint(run.checkpoint, {"step": 20, "journal": journal.sha256})


@pytest.mark.parametrize(
    "changes",
    [
        ["training.steps=20"],
        ["training.steps=20", "training.validate_every=5"],
        ["training.steps=20", "name=shorter"],
    ],
)
def test_the_same_recipe_with_half_the_steps_beside_it_is_found(tmp_path, changes):
    finished(tmp_path / "short", recipe(*changes))
    found = half_run(recipe(), tmp_path / "long")
    assert found.name == "short"
    assert found.rows[-1]["validation/mae"] == 4


def test_half_the_minutes_count_likewise(tmp_path):
    finished(tmp_path / "short", recipe("training.minutes=1"))
    assert half_run(recipe("training.minutes=2"), tmp_path / "long")
    assert not half_run(recipe("training.minutes=3"), tmp_path / "long")
    assert not half_run(recipe(), tmp_path / "long")


@pytest.mark.parametrize(
    "change", ["training.steps=40", "training.steps=10", "training.seed=3", "training.batch=3", "preparing.slices=1"]
)
def test_another_recipe_is_not(tmp_path, change):
    finished(tmp_path / "other", recipe("training.steps=20", change))
    assert half_run(recipe(), tmp_path / "long") is None


def test_a_single_step_has_no_half(tmp_path):
    finished(tmp_path / "other", recipe("training.steps=1"))
    assert half_run(recipe("training.steps=1"), tmp_path / "long") is None


def test_an_unfinished_or_broken_neighbour_is_passed_over(tmp_path):
    finished(tmp_path / "unfinished", recipe("training.steps=20"))
    RunFolder(tmp_path / "unfinished").model.rmdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "recipe.yaml").write_text("{")
    assert half_run(recipe(), tmp_path / "long") is None


def test_rows_that_neither_scores_nor_checkpoint_prove_do_not_count(tmp_path):
    finished(tmp_path / "short", recipe("training.steps=20"))
    run = RunFolder(tmp_path / "short")
    rows = run.journal.read_text()
    run.journal.write_text(rows.replace("4.0", "1.0"))
    assert half_run(recipe(), tmp_path / "long") is None
    run.journal.write_text(rows)
    assert half_run(recipe(), tmp_path / "long")
    run.checkpoint.unlink()
    assert half_run(recipe(), tmp_path / "long") is None
