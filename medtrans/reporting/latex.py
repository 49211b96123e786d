"""Tables of scores and of structures for a paper: booktabs, definitions in their captions, nothing LaTeX trips over.

A table wider than its line is scaled down to it. https://ctan.org/pkg/booktabs, https://ctan.org/pkg/graphicx
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence

from medtrans.core.metric import Definition, Score
from medtrans.evaluating.segmentation.structures import LEAST, Structure, is_segmentation
from medtrans.reporting.structure_table import class_groups
from medtrans.reporting.tables import OWN, Cell, Column, columns, competitors, counted, interval, overview

ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}", "−": r"$-$", "×": r"$\times$",
    "±": r"$\pm$", "≤": r"$\le$", "≥": r"$\ge$", "γ": r"$\gamma$", "…": r"\dots{}", "→": r"$\to$", "∞": r"$\infty$",
    "·": r"$\cdot$", "µ": r"\textmu{}", "°": r"\textdegree{}", "’": "'", "“": "``", "”": "''", "–": "--", "—": "---",
    "∩": r"$\cap$", "\u00a0": "~",
}  # fmt: skip
"""Character → what prints it. Letters of other alphabets stay, control characters go."""
ARROWS = {"lower": r"$\downarrow$", "higher": r"$\uparrow$"}


def escaped(text: str) -> str:
    """`text` as LaTeX prints it, on one line."""
    return "".join(ESCAPES.get(letter, letter) for letter in re.sub(r"[\x00-\x20\x7f\ud800-\udfff]+", " ", text))


def to_tex(
    scores: Sequence[Score], definition: Definition | None, structures: Sequence[Structure] = (), refused: int = 0
) -> bytes:
    """Tables of image scores, of scores over all structures, and of each structure, as far as there are any.

    Of scores a line per competitor with mean ± SD, and one below with the interval of the mean. `refused` cases could
    not be assessed.
    """
    tables = [HEAD]
    for name, wanted in (("scores", False), ("structures", True)):
        own = [score for score in scores if is_segmentation(score.metric) is wanted]
        if own:
            said = _said(definition)[wanted] if definition else ""
            tables.append(_table(f"tab:{name}", f"{_counts(own, refused)} {_long_units(own)}{said}", *_scores(own)))
    if structures:
        tables.append(_table("tab:classes", CLASSES, *_classes(structures)))
    return "\n\n".join([*tables, ""]).encode("utf-8", "replace")


HEAD = r"""% needs \usepackage{booktabs,graphicx}
\providecommand{\fitted}[1]{\sbox0{#1}\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi}"""
LONGEST_UNIT = 12
"""Letters of a unit in a heading; longer ones stand in the caption."""
CLASSES = (
    "Structure by structure: mean ± standard deviation over the cases of which one of both label maps has it, and mean "
    "volumes in the target (real) and in the other map (found). Missed: the number of cases in which less than "
    f"{LEAST:.0%} of it is found; invented: in which the target's map has it not. What one map lacks altogether has "
    "Dice 0, surface Dice 0 and the diagonal of the volume as HD95."
)


def _table(label: str, caption: str, heads: Sequence[Sequence[str]], body: Sequence[str]) -> str:
    """`heads` are the lines above the rule, whose first gives the number of columns."""
    lines = [
        r"\begin{table}",
        r"  \centering\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"  \caption{{{escaped(caption.strip())}}}",
        rf"  \label{{{label}}}",
        rf"  \fitted{{\begin{{tabular}}{{l{'r' * (len(heads[0]) - 1)}}}",
        r"    \toprule",
        *(f"    {_row(head)}" for head in heads),
        r"    \midrule",
        *(f"    {line}" for line in body),
        r"    \bottomrule",
        r"  \end{tabular}}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def _scores(scores: Sequence[Score]) -> tuple[list[list[str]], list[str]]:
    heads = columns(scores)
    names = [rf"{escaped(head.label)} {ARROWS[head.direction]}" for head in heads]
    units = [escaped(f"({head.unit})") if 0 < len(head.unit) <= LONGEST_UNIT else "" for head in heads]
    body = [row for line in overview(scores) for row in _lines(line.system, line.cells, heads, scores)]
    return [["", *names], ["", *units]], body


def _long_units(scores: Sequence[Score]) -> str:
    return "".join(f"Unit of {h.label}: {h.unit}. " for h in columns(scores) if len(h.unit) > LONGEST_UNIT)


def _classes(structures: Sequence[Structure]) -> tuple[list[list[str]], list[str]]:
    heads = ("Cases", "Missed", "Invented", "Dice", "HD95", "Surface", "Real", "Found")
    units = ("", "", "", "", "(mm)", "Dice", "(ml)", "(ml)")
    several = len({one.system for one in structures}) > 1
    body = []
    for group in class_groups(structures):
        for line in group.lines:
            name = f"{group.case}, {line.system}" if several else group.case
            body.append(_row([escaped(name), *map(_value, line.cells[: len(heads)])]))
    return [["", *heads], ["", *units]], body


def _lines(system: str, cells: Iterable[Cell | None], heads: Sequence[Column], scores: Sequence[Score]) -> list[str]:
    name = "Translated" if system == OWN else escaped(system[:1].upper() + system[1:])
    found = [_value(cell) for cell in cells]
    lines = [_row([name, *found])]
    intervals = [_ends(scores, system, head) for head in heads]
    if any(intervals):
        lines.append(_row(["", *intervals]))
    return [*lines, r"\midrule"] if system == OWN and len(competitors(scores)) > 1 else lines


def _value(cell: Cell | None) -> str:
    if cell is None:
        return "--"
    return rf"\textbf{{{escaped(cell.text)}}}" if cell.best else escaped(cell.text)


def _ends(scores: Sequence[Score], system: str, head: Column) -> str:
    found = interval(scores, system, head.metric)
    return "" if math.isnan(found.low) else escaped(f"[{head.words(found.low)}, {head.words(found.high)}]")


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _counts(scores: Sequence[Score], refused: int) -> str:
    own = [score for score in scores if score.system == OWN]
    cases, subjects = ({getattr(score, name) for score in own} for name in ("case", "subject"))
    bold = " Bold: best mean." if len(competitors(scores)) > 1 else ""
    lost = f" ({refused} more could not be assessed)" if refused else ""
    return (
        f"Mean ± standard deviation over {counted(len(subjects), 'subject')} with {counted(len(cases), 'case')}{lost}; "
        f"in brackets, where there are three subjects or more, the 95 % BCa bootstrap interval of the mean "
        f"over subjects.{bold}"
    )


def _said(definition: Definition) -> tuple[str, str]:
    """On image scores and on structures, every sentence: a table is read without its text."""
    low, high = (f"{end:g}".replace("-", "−") for end in definition.value_range)
    image = list(itertools.takewhile(lambda line: not line.startswith("Downstream:"), definition.details))
    preset = f"Preset {definition.preset}, range {low} … {high}, mask: {definition.mask}."
    return " ".join([preset, *image]), " ".join(definition.details[len(image) :])
