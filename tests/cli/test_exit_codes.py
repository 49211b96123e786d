import io
import json
import signal
import sys
import warnings

import pytest

from medtrans.cli.exit_codes import Interrupted, install_handlers, report_error
from medtrans.core.errors import EnvironmentRefused, InputRefused, UsageError


def test_a_character_that_the_terminal_lacks_becomes_a_question_mark(monkeypatch):
    terminal = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(terminal, "ascii"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), "ascii"))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    install_handlers()
    print("858³ voxels", flush=True)  # noqa: T201
    assert terminal.getvalue() == b"858? voxels\n"


ERRORS = [
    (UsageError("a", "b", "c"), 2),
    (InputRefused("a", "b", "c", "some-code"), 3),
    (EnvironmentRefused("a", "b"), 5),
    (MemoryError(), 5),
    (OSError(28, "No space left on device", "a.nii"), 5),
    (Interrupted(2), 130),
    (Interrupted(15), 143),
    (ZeroDivisionError("by zero"), 70),
]


@pytest.mark.parametrize(("reason", "code"), ERRORS)
def test_debug_and_json_keep_code_and_sentence(capsys, reason, code):
    assert report_error(reason, ["check", "x"]) == code
    out, sentence = capsys.readouterr()
    assert not out
    assert len(sentence.splitlines()) == 1
    assert report_error(reason, ["check", "x"], debug=True) == code
    assert capsys.readouterr().err.endswith(sentence)
    assert report_error(reason, ["check", "x", "--json"]) == code
    out, err = capsys.readouterr()
    assert err == sentence
    error = json.loads(out)["error"]
    assert error["exit_code"] == code
    assert f"medtrans: error: {error['message']}\n" == sentence
