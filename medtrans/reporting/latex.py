"""The table of scores for a paper: booktabs, the definition in its caption, nothing that LaTeX would trip over.

https://ctan.org/pkg/booktabs
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from medtrans.core.metric import Definition, Score
from medtrans.reporting.tables import OWN, Cell, Column, columns, competitors, counted, interval, overview

ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}", "−": r"$-$", "×": r"$\times$",
    "±": r"$\pm$", "≤": r"$\le$", "≥": r"$\ge$", "γ": r"$\gamma$", "…": r"\dots{}", "→": r"$\to$", "∞": r"$\infty$",
    "·": r"$\cdot$", "µ": r"\textmu{}", "°": r"\textdegree{}", "’": "'", "“": "``", "”": "''", "–": "--", "—": "---",
    "\u00a0": "~",
}  # fmt: skip
"""Character → what prints it. Letters of other alphabets stay, control characters go."""
ARROWS = {"lower": r"$\downarrow$", "higher": r"$\uparrow$"}


def escaped(text: str) -> str:
    """`text` as LaTeX prints it, on one line."""
    return "".join(ESCAPES.get(letter, letter) for letter in re.sub(r"[\x00-\x20\x7f\ud800-\udfff]+", " ", text))


def to_tex(scores: Sequence[Score], definition: Definition | None) -> bytes:
    """A table environment: a line per competitor with mean ± SD, and one below with the interval of the mean."""
    heads = columns(scores)
    lines = [
        "% needs \\usepackage{booktabs}",
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{_caption(scores, definition)}}}",
        r"  \label{tab:scores}",
        rf"  \begin{{tabular}}{{l{'r' * len(heads)}}}",
        r"    \toprule",
        "    " + _row(["", *(rf"{escaped(head.label)} {ARROWS[head.better]}" for head in heads)]),
        "    " + _row(["", *(escaped(f"({head.unit})") if head.unit else "" for head in heads)]),
        r"    \midrule",
    ]
    for line in overview(scores):
        lines += _lines(line.who, line.cells, heads, scores)
    lines += [r"    \bottomrule", r"  \end{tabular}", r"\end{table}", ""]
    return "\n".join(lines).encode("utf-8", "replace")


def _lines(who: str, cells: Iterable[Cell | None], heads: Sequence[Column], scores: Sequence[Score]) -> list[str]:
    name = "Translated" if who == OWN else escaped(who[:1].upper() + who[1:])
    found = [_value(cell) for cell in cells]
    lines = ["    " + _row([name, *found])]
    intervals = [_ends(scores, who, head) for head in heads]
    if any(intervals):
        lines.append("    " + _row(["", *intervals]))
    return [*lines, r"    \midrule"] if who == OWN and len(competitors(scores)) > 1 else lines


def _value(cell: Cell | None) -> str:
    if cell is None:
        return "--"
    return rf"\textbf{{{escaped(cell.text)}}}" if cell.best else escaped(cell.text)


def _ends(scores: Sequence[Score], who: str, head: Column) -> str:
    found = interval(scores, who, head.metric)
    return "" if math.isnan(found.low) else escaped(f"[{head.words(found.low)}, {head.words(found.high)}]")


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _caption(scores: Sequence[Score], definition: Definition | None) -> str:
    own = [score for score in scores if score.who == OWN]
    cases, subjects = ({getattr(score, name) for score in own} for name in ("case", "subject"))
    words = [
        f"Mean ± standard deviation over {counted(len(cases), 'case')} of {counted(len(subjects), 'subject')}; in "
        "brackets, where there are three subjects or more, the 95 % BCa bootstrap interval of the mean "
        "over subjects. Bold: best mean."
    ]
    if definition is not None:
        low, high = definition.value_range
        words.append(
            f"Preset {definition.preset}, range {low:g} … {high:g}, mask: {definition.mask}.".replace("-", "−")
        )
    return escaped(" ".join(words))
