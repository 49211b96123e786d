import io
import signal
import sys
import warnings

from medtrans.cli.exit_codes import install_handlers


def test_a_character_that_the_terminal_lacks_becomes_a_question_mark(monkeypatch):
    terminal = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(terminal, "ascii"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), "ascii"))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    install_handlers()
    print("858³ voxels", flush=True)  # noqa: T201
    assert terminal.getvalue() == b"858? voxels\n"
