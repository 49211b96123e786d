"""The sweep of pipelines/tumour_bias: its parts on made runs; all of it with --quick, which is slow."""

import csv
import json
import runpy
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from medtrans.auditing.bias_sweep import Calls, Reader, SweepRun
from medtrans.catalogue import find_recipe, pipelines_folder
from medtrans.core.errors import UsageError
from medtrans.recipe import load_recipe

FOLDER = pipelines_folder() / "tumour_bias"
READER = Reader(Calls(19, 20), Calls(1, 20))


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return runpy.run_path(str(FOLDER / "sweep.py"))


def made_runs():
    return [
        SweepRun(method, "plain", share, seed, Calls(18, 20), Calls(healthy, 20), READER, error, 0.1)
        for method, error, bias in (("cut", 0.05, 1), ("regression", 0.04, 0), ("cyclegan", 0.2, 1))
        for share in (0.0, 0.5, 1.0)
        for seed in range(2)
        for healthy in [1 + seed + round(16 * bias * share)]
    ]


def test_each_recipe_is_short_and_every_arm_gives_a_recipe(script):
    for method in (*script["METHODS"], "detector"):
        path = find_recipe(f"tumour_bias/{method}")
        assert len(path.read_text().splitlines()) <= 34
        load_recipe(path)
    for of_methods in script["ARMS"].values():
        for method, changes in of_methods.items():
            recipe = load_recipe(find_recipe(f"tumour_bias/{method}"), list(changes), quick=True)
            assert (recipe.pairing == "unpaired") is (method in script["UNPAIRED"])


def test_shares_are_those_asked_for_and_nested(script):
    ill = [{head for head, one in script["ill_heads"]("target", 8, share, 0).items() if one} for share in (0, 0.5, 1)]
    assert [len(one) for one in ill] == [0, 4, 8]
    assert ill[0] < ill[1] < ill[2]
    assert ill[1] != {head for head, one in script["ill_heads"]("target", 8, 0.5, 1).items() if one}


def test_unpaired_sources_and_targets_are_other_people_and_pairs_are_as_ill_as_their_targets(script, tmp_path):
    rows = {}
    for method in ("cut", "regression"):
        text = script["table"](tmp_path, script["Job"](method, "plain", 0.25, 0), 8)
        rows[method] = list(csv.DictReader(text.splitlines()))
    sources, targets = ([row for row in rows["cut"] if row[role]] for role in ("source", "target"))
    assert not {row["subject"] for row in sources} & {row["subject"] for row in targets}
    assert [sum(int(row["tumour"]) for row in some) for some in (sources, targets)] == [4, 2]
    assert all(row["source"] and row["target"] for row in rows["regression"])
    assert [bool(row["lesion"]) for row in rows["regression"]] == [row["tumour"] == "1" for row in rows["regression"]]


def test_the_table_says_what_is_biased_and_what_has_not_learned(script):
    summary = script["write"].__globals__["summary"]
    text, facts = summary(made_runs(), {"heads": 8})
    assert "19 of 20 ill slices" in text
    verdicts = {one["method"]: one["verdict"]["outcome"] for one in facts["systems"]}
    assert verdicts["cut"] == "fail"
    assert verdicts["cyclegan"] == "not assessable"
    assert "plain, cyclegan: not assessable. 6 of 6 runs are excluded" in text
    json.dumps(facts)


def test_the_figure_has_four_panels(script):
    names = script["write"].__globals__
    images = [names["Example"](name, share, ill, np.eye(8)) for ill in (True, False) for name, share in (("T1", None),)]
    assert names["figure"](made_runs(), script["UNPAIRED"], images).startswith(b"\x89PNG")


def test_runs_of_another_machine_are_read_as_they_were_written(script, tmp_path):
    plan = script["Plan"](8, 1.0, 1.0, 1.0)
    _, facts = script["write"].__globals__["summary"](made_runs(), asdict(plan))
    (tmp_path / "sweep.json").write_text(json.dumps(facts))
    known = script["read_known"](tmp_path / "sweep.json", plan)
    assert list(known.values()) == made_runs()
    assert script["Job"]("cut", "plain", 0.5, 1) in known
    with pytest.raises(UsageError, match="give the same --heads"):
        script["read_known"](tmp_path / "sweep.json", script["Plan"](9, 1.0, 1.0, 1.0))


def test_runs_of_another_machine_alone_are_shown_without_training(script, tmp_path, capsys):
    file = Path(__file__).parents[2] / "docs/benchmarks/tumour_bias.json"
    plan = json.loads(file.read_text())["plan"]
    words = ["--heads", plan["heads"], "--spacing", plan["spacing"], "--minutes", plan["minutes"]]
    words += ["--paired-minutes", plan["paired_minutes"], "--detector-minutes", plan["detector_minutes"]]
    output = tmp_path / "sweep"
    script["main"](["-o", str(output), *map(str, words), "--known", str(file), "--done"])
    assert "plain, cyclegan: fail" in capsys.readouterr().out
    assert {path.name for path in output.iterdir()} == {"sweep.md", "sweep.json", "sweep.csv", "sweep.png"}


def test_a_folder_of_another_plan_is_refused(script, tmp_path):
    script["refuse_other_plan"](tmp_path, script["Plan"](8, 1.0, 1.0, 1.0))
    with pytest.raises(UsageError, match="give the same --heads"):
        script["refuse_other_plan"](tmp_path, script["Plan"](9, 1.0, 1.0, 1.0))


@pytest.mark.slow
def test_a_quick_sweep_is_written_and_not_done_again(script, tmp_path):
    arguments = [
        "-o",
        str(tmp_path),
        "--quick",
        "--method",
        "regression",
        "cut",
        "--arm",
        "plain",
        "balanced",
        "weighted",
    ]
    script["main"](arguments)
    with (tmp_path / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row["arm"], row["method"]) for row in rows} == {
        ("plain", "cut"), ("plain", "regression"), ("balanced", "cut"), ("weighted", "regression"),
    }  # fmt: skip
    assert (tmp_path / "sweep.png").read_bytes().startswith(b"\x89PNG")
    models = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/*/model/model.safetensors")}
    assert len(models) == 8
    script["main"](arguments)
    assert all(path.stat().st_mtime_ns == time for path, time in models.items())
