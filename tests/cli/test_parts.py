import pytest

from medtrans.batching.ledger import Ledger, Line
from medtrans.cli.parts import Part, part_of
from medtrans.core.errors import UsageError
from medtrans.core.timestamps import now


def array(number, low, high, count=None, step=1):
    values = {"ID": number, "MIN": low, "MAX": high, "COUNT": count or (high - low) // step + 1, "STEP": step}
    return {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in values.items()}


def part(tmp_path, environment=None, part_id=None, num_parts=None, is_folder=True):
    return part_of(part_id, num_parts, is_folder=is_folder, output=tmp_path, environment=environment or {})


def logged(folder, tasks):
    """A ledger of the first submission."""
    facts = {"case": "a", "output": "a.nii.gz", "input_sha256": "", "model_sha256": "", "settings": {}}
    Ledger(folder, (1, 8)).add(Line(**facts, verdict="failed", time=now(), part=tasks))


def test_a_part_is_given_by_both_options_or_by_none(tmp_path):
    assert part(tmp_path) == Part(0, 1)
    assert part(tmp_path, part_id=1, num_parts=3) == Part(1, 3)
    with pytest.raises(UsageError, match="--num-parts: is given without --part-id"):
        part(tmp_path, num_parts=3)
    with pytest.raises(UsageError, match="--part-id: is given without --num-parts"):
        part(tmp_path, array(1, 0, 3), part_id=1)
    with pytest.raises(UsageError, match="3 is not among the 3 parts 0 … 2"):
        part(tmp_path, part_id=3, num_parts=3)


def test_every_task_of_an_array_is_one_part(tmp_path):
    for low, step in ((0, 1), (6, 1), (1, 2)):
        tasks = range(low, low + 4 * step, step)
        parts = [part(tmp_path, array(number, low, tasks[-1], step=step)) for number in tasks]
        assert [(each.number, each.count) for each in parts] == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_a_single_case_is_never_shared_out(tmp_path):
    assert part(tmp_path, array(2, 0, 3), is_folder=False) == Part(0, 1)
    with pytest.raises(UsageError, match="one case is not shared out"):
        part(tmp_path, part_id=0, num_parts=2, is_folder=False)


@pytest.mark.parametrize(("low", "high", "step"), [(0, 7, 1), (1, 8, 1), (0, 14, 2)])
def test_tasks_that_are_submitted_again_divide_as_the_first_time(tmp_path, low, high, step):
    name = part(tmp_path, array(low, low, high, step=step)).tasks
    logged(tmp_path, name)
    tasks = range(low, high + 1, step)
    for some in ([tasks[3], tasks[7]], [tasks[3], tasks[4]], [tasks[5]]):
        for number in some:
            again = part(tmp_path, array(number, some[0], some[-1], count=len(some)))
            assert again == Part(tasks.index(number), 8, name)
    with pytest.raises(UsageError, match="is not one of those that shared out"):
        part(tmp_path, array(high + 1, high + 1, high + 1))


def test_an_array_with_gaps_and_no_ledger_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"has 2 tasks from 3 to 7, so how .* give --num-parts and --part-id"):
        part(tmp_path, array(3, 3, 7, count=2))


def test_a_part_says_which_part_it_is(tmp_path, capsys):
    part(tmp_path).say()
    assert capsys.readouterr().err == ""
    part(tmp_path, array(7, 6, 9)).say()
    assert capsys.readouterr().err == "medtrans: note: part 1 of 4, counted from 0 (SLURM array 6-9)\n"
