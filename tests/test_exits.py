import io
import signal
import sys
import warnings

from medtrans.exits import speak_plainly


def test_a_character_that_the_terminal_lacks_becomes_a_question_mark(monkeypatch):
    terminal = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(terminal, "ascii"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), "ascii"))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    speak_plainly()
    print("858³ voxels", flush=True)  # noqa: T201
    assert terminal.getvalue() == b"858? voxels\n"
