"""What each verb says when it is stopped, by a signal or by an error of its stage: exit code, advice, JSON."""

import importlib
import json
import signal

import pytest

from medtrans.cli import COMMANDS, app
from medtrans.cli.exit_codes import install_handlers
from medtrans.cli.interruption import advice_after_interruption
from medtrans.core.errors import InputRefused
from tests.cli.verbs import run

STAGES = {
    "demo": ("medtrans.stages.demo.demo", []),
    "init": ("medtrans.reading.fingerprint.refuse_no_folder", ["images"]),
    "run": ("medtrans.stages.run.run", ["t1_to_t2"]),
    "train": ("medtrans.stages.train.train", ["t1_to_t2"]),
    "translate": (
        "medtrans.stages._translation_check.check_translation",
        ["-i", "a.nii", "-o", "b.nii", "-m", "model"],
    ),
    "evaluate": (
        "medtrans.stages.evaluate.evaluate",
        ["--translated", "a.nii", "--target", "b.nii", "--preset", "synthrad2025"],
    ),
    "audit": (
        "medtrans.stages.audit.audit",
        ["lesions", "--source", "a.nii", "--translated", "b.nii", "--detector", "model", "-o", "out"],
    ),
    "compare": ("medtrans.stages._scored_folders.scored_folders", ["one", "other"]),
    "distances": ("medtrans.stages._volume_sets.volume_sets", ["one", "other"]),
    "sample": ("medtrans.models.config.read_config", ["-m", "model", "-o", "out"]),
    "export": ("medtrans.stages.export.export", ["head-mr-to-ct", "--to", "zip", "-o", "out.zip"]),
    "serve": ("medtrans.serving.server.serve", []),
    "check": ("medtrans.stages.check.check", ["a.nii"]),
    "phantoms": ("medtrans.stages.phantoms.phantoms", ["-o", "out"]),
    "degrade": ("medtrans.stages.degrade.degrade", ["-i", "a.nii", "-o", "b.nii", "--replay", "b.json"]),
    "align": ("medtrans.stages.align.align", ["--moving", "a.nii", "--fixed", "b.nii", "-o", "out"]),
    "list": ("medtrans.catalogue.entries", ["methods"]),
    "schema": ("medtrans.recipe.schema", []),
    "doctor": ("medtrans.doctor.doctor", []),
    "benchmark": ("medtrans.stages.benchmark.benchmark", []),
}
"""Verb → the function that does its work, and words for which the command calls it."""


def takes_json(verb):
    groups = {group.name: group.typer_instance.registered_commands for group in app.registered_groups}
    commands = groups.get(verb) or [
        each for each in app.registered_commands if (each.name or each.callback.__name__) == verb
    ]
    assert commands
    return all("as_json" in command.callback.__annotations__ for command in commands)


@pytest.fixture
def stopped(monkeypatch, tmp_path):
    """Makes the stage of a verb call a function in place of its work; returns the words of the command."""
    monkeypatch.chdir(tmp_path)

    def stopped_by(verb, stop):
        place, words = STAGES[verb]
        module, _, name = place.rpartition(".")
        monkeypatch.setattr(importlib.import_module(module), name, lambda *_, **__: stop())
        return [verb, *words]

    return stopped_by


@pytest.fixture
def handlers(monkeypatch):
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr("warnings.showwarning", None)
    install_handlers()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def refuse():
    raise InputRefused("a.nii", "is damaged", "copy it again", "damaged")


def test_every_verb_is_here():
    assert set(STAGES) == set(COMMANDS)
    assert [verb for verb in COMMANDS if takes_json(verb)], "no verb would be tested with --json"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("verb", STAGES)
@pytest.mark.usefixtures("handlers")
def test_an_interrupted_verb_says_how_it_continues(verb, number, code, stopped, capfd):
    words = stopped(verb, lambda: signal.raise_signal(number))
    found, _, err = run(words, capfd)
    assert found == code
    assert err.splitlines()[-1] == f"medtrans: error: interrupted; {advice_after_interruption(words)}"
    assert "Traceback" not in err


@pytest.mark.parametrize("verb", STAGES)
def test_debug_keeps_code_and_sentence_of_every_verb(verb, stopped, capfd):
    words = stopped(verb, refuse)
    code, _, plain = run(words, capfd)
    assert (code, plain.splitlines()[-1]) == (3, "medtrans: error: a.nii: is damaged; copy it again")
    again, _, err = run([*words, "--debug"], capfd)
    assert (again, err.splitlines()[-1]) == (code, plain.splitlines()[-1])
    assert "Traceback" in err


@pytest.mark.parametrize("verb", [verb for verb in STAGES if takes_json(verb)])
def test_a_fatal_error_is_json_for_every_verb_that_writes_json(verb, stopped, capfd):
    code, out, _ = run([*stopped(verb, refuse), "--json"], capfd)
    error = json.loads(out)["error"]
    assert (code, error["exit_code"], error["where"], error["code"]) == (3, 3, "a.nii", "damaged")


def want_memory():
    raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: Error code 12")


@pytest.mark.parametrize("verb", STAGES)
def test_want_of_memory_of_every_verb_is_an_error_of_the_environment(verb, stopped, capfd):
    code, _, err = run(stopped(verb, want_memory), capfd)
    assert (code, err.splitlines()[-1][:46]) == (5, f"medtrans: error: medtrans {verb}: does not fit into memory"[:46])
