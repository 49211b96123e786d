import math
import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from medtrans.evaluating.segmentation.structures import Structure, is_single_class, scores_of
from medtrans.evaluating.segmentation.task import SegmentationTask
from medtrans.reporting.latex import ESCAPES, HEAD, escaped, to_tex
from tests.reporting.report_volumes import DEFINITION, scores

EVIL = "50% of_cases & #1 {x} \\end{table} $a^2$ ~ \x07\nsub"


def body(text):
    """The rows between the rules."""
    return [line.strip() for line in text.splitlines() if line.rstrip().endswith(r"\\")]


def test_the_table_says_mean_spread_interval_and_definition():
    text = to_tex(scores("abcd"), DEFINITION).decode()
    assert body(text)[0] == r"& MAE $\downarrow$ & PSNR $\uparrow$ \\"
    assert body(text)[1] == r"& (HU) & (dB) \\"
    assert body(text)[2].startswith(r"Translated & \textbf{41.50 $\pm$~1.29} &")
    assert re.match(r"& \[40\.\d\d, 42\.\d\d\] & \[27\.\d\d, 29\.\d\d\]", body(text)[3])
    assert "over 4 subjects with 4 cases" in text
    assert r"Preset synthrad2023, range $-$1024 \dots{} 3000, mask: body." in text


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
    judge = SegmentationTask({}, "label maps by me", None, None)
    meaning, _, _ = judge.told(DEFINITION, found)
    own = [score for score in scores_of(found) if not is_single_class(score.metric)]
    first, second, third = to_tex([*scores("ab"), *own], meaning, found).decode().split(r"\end{table}")[:3]
    assert "Dice" not in first
    assert r"label maps by me. For each structure" in second
    assert "Translated & 0.450" in second
    assert r"liver & 2 & 0 & 0 & 0.900 $\pm$~0.000 & 3.0 $\pm$~0.0" in third
    assert r"spleen & 2 & 2 & 0 & 0.000" in third


def test_below_three_subjects_there_is_no_interval():
    assert len(body(to_tex(scores(), DEFINITION).decode())) == 4


@pytest.mark.parametrize("found", [scores("abc"), scores(("a",), ()), scores((EVIL,), (EVIL,))])
def test_it_is_well_formed_whatever_names_hold(found):
    text = to_tex(found, replace(DEFINITION, mask=EVIL), structures(EVIL, "b")).decode()
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


def test_every_sign_that_latex_reads_is_escaped():
    assert escaped("a_b 5% x² \n\x00y") == r"a\_b 5\% x\textsuperscript{2} y"
    assert all(not set("\\{}$&#%_~^<>|") & {key} or value != key for key, value in ESCAPES.items())
    assert escaped("Müller") == "Müller"


def test_values_that_are_not_numbers_are_printed():
    found = [replace(s, value=math.nan) if s.system == "translated" else s for s in scores()]
    assert "Translated & nan & nan" in to_tex(found, None).decode()


def test_a_long_unit_stands_in_the_caption():
    long = "of the target's 99.5th percentile"
    text = to_tex([replace(s, unit=long) if s.metric == "mae" else s for s in scores()], DEFINITION).decode()
    assert body(text)[1] == r"&  & (dB) \\"
    assert f"Unit of MAE: {long}." in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex: apt-get install texlive-latex-recommended")
def test_latex_takes_it_and_no_table_is_wider_than_the_page(tmp_path):
    every = replace(DEFINITION, details=(" ".join(ESCAPES),))
    found = scores("abcd", (EVIL,))
    found += [replace(score, metric=f"{score.metric}[bins={n}]") for n in range(4) for score in found]
    table = to_tex(found, every, structures(EVIL, "b")).decode()
    packages = "\\usepackage{booktabs,graphicx,textcomp}"
    paper = "\\documentclass{article}" + packages + "\\begin{document}" + table + "\\end{document}"
    (tmp_path / "paper.tex").write_text(paper)
    done = subprocess.run(["pdflatex", "-halt-on-error", "paper.tex"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
