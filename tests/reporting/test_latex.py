import math
import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from medtrans.core.finding import Finding
from medtrans.core.measurement import Structure
from medtrans.core.score import Clause, Evaluation, MetricId
from medtrans.evaluating.segmentation.structures import scores_of
from medtrans.evaluating.segmentation.task import SegmentationTask
from medtrans.reporting.latex import HEAD, to_tex
from medtrans.reporting.latex_text import ESCAPES, escaped
from tests.reporting.report_volumes import DEFINITION, MAE, scores

EVIL = "50% of_cases & #1 {x} \\end{table} $a^2$ ~ \x07\nsub"


def body(text):
    """The rows between the rules."""
    return [line.strip() for line in text.splitlines() if line.rstrip().endswith(r"\\")]


def tex(found, definition=DEFINITION, structures=(), **more):
    """The tables of an evaluation."""
    return to_tex(Evaluation(definition, found, structures=structures, **more)).decode()


def test_the_table_has_mean_deviation_interval_and_definition():
    text = tex(scores("abcd"))
    assert body(text)[0] == r"& MAE $\downarrow$ & PSNR $\uparrow$ \\"
    assert body(text)[1] == r"& (HU) & (dB) \\"
    assert body(text)[2].startswith(r"Translated & \textbf{41.50 $\pm$~1.29} &")
    assert re.match(r"& \[39\.45, 43\.55\] & \[26\.45, 30\.55\]", body(text)[3])
    assert r"\caption{Image scores, mean $\pm$~standard deviation over 4 subjects.}" in text.replace("$ s", "$~s")
    assert "4 subjects with 4 cases" in text.split(r"\end{tabular}")[1]
    assert r"Preset synthrad2023, value range $-$1024 \dots{} 3000, region: body. MAE: not clipped." in text


def structures(*names):
    """The last of them is missed."""
    agree, missed = (0.9, 3.0, 0.8), (0.0, 70.0, 0.0)
    return [
        Structure(case, case, "translated", name, *((0.0, 10.0, *missed) if name == names[-1] else (9.0, 10.0, *agree)))
        for case in "ab"
        for name in names
    ]


def test_structures_have_two_tables_with_every_definition():
    found = structures("liver", "spleen")
    task = SegmentationTask({}, "label maps of the first author", None, None)
    meaning = replace(DEFINITION, clauses=(*DEFINITION.clauses, *task.summarise(found).clauses))
    every = [*scores("ab"), *scores_of(found)]
    first, second, third = tex(every, meaning, found).split(r"\end{table}")[:3]
    assert "Dice" not in first
    assert r"label maps of the first author. Structures: for each structure" in second
    assert "Translated & 0.450" in second
    assert r"liver & 2 & 0 & 0 & 0.900 $\pm$~0.000 & 3.0 $\pm$~0.0" in third
    assert r"spleen & 2 & 2 & 0 & 0.000" in third


def test_below_three_subjects_there_is_no_interval():
    assert len(body(tex(scores()))) == 4


@pytest.mark.parametrize("found", [scores("abc"), scores(("a",), ()), scores((EVIL,), (EVIL,))])
def test_it_is_well_formed_whatever_names_contain(found):
    text = tex(found, replace(DEFINITION, region=EVIL), structures(EVIL, "b"))
    opened = []
    for kind, name in re.findall(r"(?<!\\textbackslash)\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    plain = re.sub(r"\\[\\{}$&#%_]", "", text)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    for table in text.split(r"\end{tabular}")[:-1]:
        columns = re.search(r"\\begin\{tabular\}\{(\w+)\}", table).group(1)
        for line in body(table):
            assert len(re.findall(r"(?<!\\)&", line)) == len(columns) - 1
    assert text.startswith(HEAD)
    assert not re.search(r"(?<!\\)[#_^%]", text.removeprefix(HEAD))


def test_every_special_character_of_latex_is_escaped():
    assert escaped("a_b 5% x² \n\x00y") == r"a\_b 5\% x\textsuperscript{2} y"
    assert all(not set("\\{}$&#%_~^<>|") & {key} or value != key for key, value in ESCAPES.items())
    assert escaped("Müller") == "Müller"


def test_values_that_are_not_numbers_are_printed():
    found = [replace(s, value=math.nan) if s.system == "translated" else s for s in scores()]
    assert "Translated & nan & nan" in tex(found)


def test_failed_cases_are_counted_in_the_notes():
    failed = {"c": Finding(code="x", severity="refuse", where="c", what="is empty")}
    assert "with 2 cases (1 more could not be scored)" in tex(scores(), failed=failed)


def test_a_long_unit_is_in_the_notes():
    long = "of the target's 99.5th percentile"
    text = tex([replace(s, unit=long) if s.metric == MAE else s for s in scores()])
    assert body(text)[1] == r"&  & (dB) \\"
    assert f"Unit of MAE: {long}." in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex: apt-get install texlive-latex-recommended")
def test_latex_compiles_it_and_no_table_is_wider_than_the_page(tmp_path):
    every = replace(DEFINITION, clauses=(Clause("Characters", " ".join(ESCAPES)),))
    found = scores("abcd", (EVIL,))
    found += [
        replace(score, metric=MetricId(score.metric.name, (("bins", str(n)),))) for n in range(4) for score in found
    ]
    table = tex(found, every, structures(EVIL, "b"))
    packages = "\\usepackage{booktabs,graphicx,textcomp}"
    paper = "\\documentclass{article}" + packages + "\\begin{document}" + table + "\\end{document}"
    (tmp_path / "paper.tex").write_text(paper)
    done = subprocess.run(["pdflatex", "-halt-on-error", "paper.tex"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
