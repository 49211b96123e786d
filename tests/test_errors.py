"""Form of every error and finding: where, what happened, what to do; in plain words."""

import ast
import re
from pathlib import Path

import pytest

from medtrans.core import errors

ROOT = Path(__file__).parent.parent
FILES = sorted([*(ROOT / "medtrans").rglob("*.py"), *(ROOT / "pipelines").rglob("*.py")])
PRIVATE_WORDS = re.compile(
    r"\b(mend\w*|told|tells?|seen|sees|asked|asks|judges?|judged|will not do|speaks? of|wants? to be|dice for|"
    r"answered|mind that|object to|good for nothing|makes nothing|has a say|hold out|held out by)\b"
)
"""Words that only this project used; VOCABULARY.md has the usual ones."""
ADVICE_PLACE = 2


def error_names():
    """MedtransError and every class that derives from it, in whichever file."""
    names = {"MedtransError"} | {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    classes = [node for _, node in nodes(ast.ClassDef)]
    while True:
        more = {node.name for node in classes for base in node.bases if getattr(base, "id", "") in names} - names
        if not more:
            return names - {"Path", "SeveralMistakes"}  # which holds errors that have all three
        names |= more


def nodes(kind):
    return [
        (file, node)
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, kind)
    ]


def calls(names):
    return [
        (f"{file.relative_to(ROOT)}:{node.lineno}", node)
        for file, node in nodes(ast.Call)
        if getattr(node.func, "id", "") in names
    ]


def texts(node):
    """The words of a call that a user reads."""
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]


ERRORS = calls(error_names())
FINDINGS = calls({"Finding"})


def test_there_are_errors_to_check():
    assert len(ERRORS) > 150
    assert len(FINDINGS) > 15


def test_every_error_says_where_what_and_what_to_do():
    assert [where for where, call in ERRORS if not has_three_parts(call)] == []


def has_three_parts(call):
    """(where, what, advice), by place or by name; an advice that is written out is not empty."""
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return True
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    parts = [*call.args, *(named[name] for name in ("where", "what", "advice") if name in named)]
    if len(parts) <= ADVICE_PLACE:
        return False
    return not any(isinstance(part, ast.Constant) and not str(part.value).strip() for part in parts[: ADVICE_PLACE + 1])


def test_every_finding_that_stops_or_warns_has_an_advice():
    wrong = []
    for where, call in FINDINGS:
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        severity = getattr(named.get("severity"), "value", "")
        written = isinstance(named.get("what"), (ast.Constant, ast.JoinedStr))
        if severity in ("refuse", "warn") and written and not named.keys() & {"advice", "consequence"}:
            wrong.append(where)
    assert wrong == []


@pytest.mark.parametrize("kind", ["errors", "findings"])
def test_errors_are_in_plain_words(kind):
    found = {
        f"{where}: {word.group(0)!r} in {text!r}"
        for where, call in {"errors": ERRORS, "findings": FINDINGS}[kind]
        for text in texts(call)
        for word in PRIVATE_WORDS.finditer(text)
    }
    assert sorted(found) == []
