"""Every command that writes is killed, and its disk filled or broken, at every single change of its folder.

Afterwards each file is whole or absent, older files are there, disk faults have exit code 5 and one sentence, and the
same command again gives what an undisturbed one gives, and leaves nothing else. Runs and heads: test_runs.py.
"""

import pytest

from tests.hostile.commands import assert_told, command, restored
from tests.hostile.faults import every_fault
from tests.hostile.saved_files import contents, strays

pytestmark = [pytest.mark.hostile, pytest.mark.usefixtures("plain_pages")]


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


def audit(inputs, out, old=False):
    first, second = ("target", "translated") if old else ("translated", "target")
    sets = inputs / "sets"
    words = ["audit", "lesions", "--source", sets / "target", "--translated", sets / first, "--target", sets / second]
    return [*words, "--lesions", sets / "labels", "--detector", sets / "labels", "-o", out]


def sample(inputs, out, old=False):
    return ["sample", "-m", inputs / "vae", "-o", out, "-n", "2", "--device", "cpu", "--seed", str(int(old))]


def phantoms(inputs, out, old=False):
    return ["phantoms", "-o", out, "--count", "1", "--spacing", "12", "--contrasts", "CT,T1" if old else "T1,CT"]


@pytest.mark.parametrize("words", [evaluate, audit, comparison, distances, sample, phantoms])
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
