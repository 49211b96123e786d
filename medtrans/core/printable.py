"""Printable text: control characters of a name, such as newlines and terminal escapes, become visible."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` with every character that cannot be printed as an escape of Python: a newline becomes \\\\n."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text)
