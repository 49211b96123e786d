"""Text with the special characters of LaTeX replaced."""

from __future__ import annotations

import re

ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}", "−": r"$-$", "×": r"$\times$",
    "±": r"$\pm$", "≤": r"$\le$", "≥": r"$\ge$", "γ": r"$\gamma$", "…": r"\dots{}", "→": r"$\to$", "∞": r"$\infty$",
    "·": r"$\cdot$", "µ": r"\textmu{}", "°": r"\textdegree{}", "’": "'", "“": "``", "”": "''", "–": "--", "—": "---",
    "∩": r"$\cap$", "\u00a0": "~",
}  # fmt: skip
"""Character → LaTeX. Letters of other alphabets are kept, control characters are removed."""
CONTROL_CHARACTERS = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]+")
"""Characters that become one space."""


def escaped(text: str) -> str:
    """`text` with every special character of LaTeX replaced, on one line."""
    return "".join(ESCAPES.get(letter, letter) for letter in CONTROL_CHARACTERS.sub(" ", text))
