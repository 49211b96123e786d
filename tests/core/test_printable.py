import pytest

from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding
from medtrans.core.printable import printable

NAMES = {
    "a\nb": r"a\nb",
    "\x1b[31mred\x1b[0m": r"\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07": r"\x1b]0;title\x07",
    "gepj.\u202ezg.iin": r"gepj.\u202ezg.iin",
    "bytes\udcff": r"bytes\udcff",
    "a\rb\tc\x9b": r"a\rb\tc\x9b",
}


@pytest.mark.parametrize(("name", "shown"), NAMES.items())
def test_what_a_terminal_would_obey_is_shown(name, shown):
    assert printable(name) == shown
    assert printable(printable(name)) == shown, "once is enough"
    finding = Finding(code="x", severity="warn", where=name, what=f"differs from {name}")
    assert finding.sentence == f"{shown}: differs from {shown}"
    assert finding.where == name, "a path stays a path"
    assert str(InputRefused(name, "is empty")) == f"{shown}: is empty"


@pytest.mark.parametrize("name", ["Müller_T1", "脳", "a b", "café – 3 × 4 mm …", r"C:\new\table"])
def test_other_names_stay_as_they_are(name):
    assert printable(name) == name
