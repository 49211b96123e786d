"""LaTeX tables of scores and structures for a paper: a caption of one line, and the definition of the numbers below.

A table wider than the line is scaled down. https://ctan.org/pkg/booktabs, https://ctan.org/pkg/graphicx
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

from medtrans.core.measurement import MISSED_BELOW, Structure
from medtrans.core.score import TRANSLATED, Clause, Definition, Evaluation, Score
from medtrans.evaluating.columns import Column, columns, count_text, scored_definition, systems
from medtrans.evaluating.segmentation.class_metrics import is_segmentation, is_single_class
from medtrans.evaluating.segmentation.task import SEGMENTATION
from medtrans.reporting.latex_text import escaped
from medtrans.reporting.score_tables import interval, overview
from medtrans.reporting.structure_tables import class_groups
from medtrans.reporting.table_cells import Cell

ARROWS = {"lower": r"$\downarrow$", "higher": r"$\uparrow$"}


def to_tex(evaluation: Evaluation) -> bytes:
    """Tables of image scores, of scores over all structures, and of each structure, as far as there are any.

    Each table of scores has a row per system with mean ± SD, and one below it with the interval of the mean.
    """
    tables, clauses = [HEAD], _definitions(scored_definition(evaluation))
    scores = [score for score in evaluation.scores if not is_single_class(score.metric)]
    for name, of_label_maps in (("scores", False), ("structures", True)):
        own = [score for score in scores if is_segmentation(score.metric) is of_label_maps]
        if own:
            subjects = count_text(len({score.subject for score in own}), "subject")
            caption = f"{CAPTIONS[of_label_maps]}, mean ± standard deviation over {subjects}."
            notes = f"{_counts(own, len(evaluation.failed))} {_long_units(own)}{clauses[of_label_maps]}"
            tables.append(latex_table(f"tab:{name}", caption, notes, *_scores(own)))
    if evaluation.structures:
        body = _classes(evaluation.structures)
        tables.append(latex_table("tab:classes", "Each structure, mean ± standard deviation.", CLASSES, *body))
    return "\n\n".join([*tables, ""]).encode("utf-8", "replace")


HEAD = r"""% needs \usepackage{booktabs,graphicx}
\providecommand{\fitted}[1]{\sbox0{#1}\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi}"""
CAPTIONS = ("Image scores", "Scores of structures")
MAX_UNIT_LENGTH = 12
"""Letters of a unit in a heading; longer units are in the notes."""
CLASSES = (
    "Mean ± standard deviation over the cases in which at least one label map contains the structure, and mean "
    "volumes in the target (real) and in the other label map (found). Missed: number of cases in which less than "
    f"{MISSED_BELOW:.0%} of it is found in its place; invented: number of cases in which the target does not contain "
    "it. What only one label map contains has Dice 0, surface Dice 0 and the diagonal of the volume as HD95."
)


def latex_table(label: str, caption: str, notes: str, heads: Sequence[Sequence[str]], body: Sequence[str]) -> str:
    """`heads` are the rows above the rule; the first gives the number of columns. `notes` stand below the table."""
    lines = [
        r"\begin{table}",
        r"  \centering\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"  \caption{{{escaped(caption.strip())}}}",
        rf"  \label{{{label}}}",
        rf"  \fitted{{\begin{{tabular}}{{l{'r' * (len(heads[0]) - 1)}}}",
        r"    \toprule",
        *(f"    {latex_row(head)}" for head in heads),
        r"    \midrule",
        *(f"    {line}" for line in body),
        r"    \bottomrule",
        r"  \end{tabular}}",
        rf"  \par\medskip\raggedright {escaped(notes.strip())}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def _scores(scores: Sequence[Score]) -> tuple[list[list[str]], list[str]]:
    heads = columns(scores)
    names = [rf"{escaped(head.label)} {ARROWS[head.direction]}" for head in heads]
    units = [escaped(f"({head.unit})") if 0 < len(head.unit) <= MAX_UNIT_LENGTH else "" for head in heads]
    body = [row for line in overview(scores) for row in _lines(line.system, line.cells, heads, scores)]
    return [["", *names], ["", *units]], body


def _long_units(scores: Sequence[Score]) -> str:
    return "".join(f"Unit of {h.label}: {h.unit}. " for h in columns(scores) if len(h.unit) > MAX_UNIT_LENGTH)


def _classes(structures: Sequence[Structure]) -> tuple[list[list[str]], list[str]]:
    heads = ("Cases", "Missed", "Invented", "Dice", "HD95", "Surface", "Real", "Found")
    units = ("", "", "", "", "(mm)", "Dice", "(ml)", "(ml)")
    several = len({one.system for one in structures}) > 1
    body = []
    for group in class_groups(structures):
        for line in group.lines:
            name = f"{group.case}, {line.system}" if several else group.case
            body.append(latex_row([escaped(name), *map(_value, line.cells[: len(heads)])]))
    return [["", *heads], ["", *units]], body


def _lines(system: str, cells: Iterable[Cell | None], heads: Sequence[Column], scores: Sequence[Score]) -> list[str]:
    name = "Translated" if system == TRANSLATED else escaped(system[:1].upper() + system[1:])
    lines = [latex_row([name, *map(_value, cells)])]
    intervals = [_ends(scores, system, head) for head in heads]
    if any(intervals):
        lines.append(latex_row(["", *intervals]))
    return [*lines, r"\midrule"] if system == TRANSLATED and len(systems(scores)) > 1 else lines


def _value(cell: Cell | None) -> str:
    if cell is None:
        return "--"
    return rf"\textbf{{{escaped(cell.text)}}}" if cell.best else escaped(cell.text)


def _ends(scores: Sequence[Score], system: str, head: Column) -> str:
    found = interval(scores, system, head.metric)
    return "" if math.isnan(found.low) else escaped(f"[{head.text(found.low)}, {head.text(found.high)}]")


def latex_row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _counts(scores: Sequence[Score], failed: int) -> str:
    own = [score for score in scores if score.system == TRANSLATED]
    cases, subjects = ({getattr(score, name) for score in own} for name in ("case", "subject"))
    bold = " Bold: best mean." if len(systems(scores)) > 1 else ""
    more = f" ({failed} more could not be scored)" if failed else ""
    n = f"{count_text(len(subjects), 'subject')} with {count_text(len(cases), 'case')}"
    return (
        f"{n[:1].upper()}{n[1:]}{more}. In brackets, where there are three subjects or more: the 95 % "
        f"interval of the mean over subjects (Student's t below 40 of them, else BCa bootstrap).{bold}"
    )


def _definitions(definition: Definition) -> tuple[str, str]:
    """Of image scores and of structures, in full: a table must be understood without its text."""
    low, high = (f"{end:g}".replace("-", "−") for end in definition.value_range)
    image = list(itertools.takewhile(lambda clause: clause.subject != SEGMENTATION, definition.clauses))
    preset = f"Preset {definition.preset}, value range {low} … {high}, region: {definition.region}."
    structures = definition.clauses[len(image) :]
    return " ".join([preset, *map(_sentence, image)]), " ".join(map(_sentence, structures))


def _sentence(clause: Clause) -> str:
    return clause.sentence if clause.sentence.endswith(".") else f"{clause.sentence}."
