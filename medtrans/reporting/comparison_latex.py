"""LaTeX tables of a comparison for a paper: one for each metric, with its notes below."""

from __future__ import annotations

from medtrans.evaluating.columns import metric_label
from medtrans.reporting.comparison import ComparedSystems
from medtrans.reporting.latex import HEAD, latex_row, latex_table
from medtrans.reporting.latex_text import escaped
from medtrans.reporting.ranking_table import Ranking, RankingRow, RankingTable, ranking_table

NOTES = (
    "In brackets: 95 % intervals, of the mean by Student's t below 40 subjects and by the BCa bootstrap from there, of "
    "the rank by the bootstrap over subjects, of the difference by the signed-rank test. Rank: by mean rank over "
    "subjects. Difference: Hodges-Lehmann estimate to the first system. p: Wilcoxon's signed-rank test of it. Effect: "
    "matched rank-biserial correlation."
)
HEADS = ("", "Mean", "Rank", "Difference", "p", "Effect")


def to_tex(compared: ComparedSystems) -> bytes:
    """One table for each metric."""
    tables = [_table(compared, ranking, number) for number, ranking in enumerate(compared.rankings)]
    return "\n\n".join([HEAD, *tables, ""]).encode("utf-8", "replace")


def _table(compared: ComparedSystems, ranking: Ranking, number: int) -> str:
    table, meaning = ranking_table(ranking, compared.systems), compared.definition
    heads = [*HEADS, *([f"p within ±{table.margin}"] if table.margin else [])]
    caption = f"{table.label}, {ranking.direction} is better, n = {compared.subjects}."
    own = [clause.sentence for clause in meaning.clauses if clause.subject == metric_label(ranking.metric)]
    notes = [NOTES, compared.remark, f"Preset {meaning.preset}, region: {meaning.region}.", *own]
    body = [_row(row, table) for row in table.rows]
    return latex_table(f"tab:compared{number + 1}", caption, " ".join(notes), [list(map(escaped, heads))], body)


def _row(row: RankingRow, table: RankingTable) -> str:
    cells = [
        row.system,
        _with_interval(row.mean, row.interval),
        _with_interval(row.rank, row.rank_interval),
        _with_interval(row.difference, row.difference_interval),
        row.p,
        row.effect,
        *([row.equivalence_p] if table.margin else []),
    ]
    return latex_row([escaped(cell) for cell in cells])


def _with_interval(text: str, interval: str) -> str:
    return f"{text} [{interval}]" if interval else text
