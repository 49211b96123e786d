import math
import platform
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.evaluating.measurements import Measurement
from medtrans.evaluating.segmentation.structures import Structure, scores_of
from medtrans.reporting.page import render, write_page
from medtrans.reporting.provenance import provenance, version
from tests.reporting.report_volumes import journal, pictured, report, scores

VOID = {"meta", "img", "input", "br"}


class Page(HTMLParser):
    """What a browser would see: tags that must balance, attributes, and text outside of style."""

    def __init__(self, data):
        super().__init__()
        self.open, self.attributes, self.texts, self.tags, self.ids = [], [], [], [], []
        self.feed(data.decode())
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def whole():
    return render(report())


def test_the_page_says_what_was_done_and_that_it_is_synthetic(whole):
    text = Page(whole).text
    for words in (
        "MR to CT",
        "One sentence.",
        "2025-01-02",
        "SYNTHETIC images , made by a model — not for diagnosis",
        "Did the training converge? Pass it did.",
    ):
        assert words in text
    told = "40.50 against 140.50 HU for the best control, copy of the source; better in 2 of 2 cases"
    assert f"Better than every control on MAE, in these cases? Pass {told}" in text
    assert f"Better than every control on MAE, in these cases? pass {told}" in text


def test_the_page_spells_out_what_its_numbers_mean(whole):
    text = Page(whole).text
    for words in (
        "synthrad2023",
        "−1024 … 3000, width Q = 4024",
        "MAE: not clipped.",
        "Radiological display",
        "2 of 2",
    ):
        assert words in text


def test_nothing_is_fetched_from_anywhere(whole):
    for _, name, value in Page(whole).attributes:
        if name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            assert value.startswith(("data:image/png;base64,", "#")), value
    assert re.findall(rb"url\((?!#)|@import|<link|<iframe|<script[^>]* src", whole) == []
    assert b"default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'sha256-" in whole


def test_every_picture_has_words_and_every_header_cell_a_scope(whole):
    page = Page(whole)
    words = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
    assert len(words) == page.tags.count("img") == 4 * 4 + 4 * 3
    assert "sub-01, translated (synthetic), axial slice 9 of 16, −160 … 240 HU" in words
    assert page.tags.count("th") == sum((tag, name) == ("th", "scope") for tag, name, _ in page.attributes)
    assert page.tags.count("h1") == 1


def test_equal_reports_are_equal_bytes_but_for_the_date(whole):
    assert render(report()) == whole
    other = render(report(date="2031-07-08"))
    assert other != whole
    assert other.replace(b"2031-07-08", b"2025-01-02") == whole


def test_a_page_of_one_case_is_small():
    dice = np.random.default_rng(0)
    case = pictured(shape=(96, 112, 96), spacing=(2.0, 2.0, 2.0))
    rough = case.target.like((case.target.voxels + 60 * dice.standard_normal(case.target.voxels.shape)).astype("f4"))
    page = render(report(cases=[replace(case, target=rough, source=rough)], journal=journal(20_000)))
    assert len(page) < 8_000_000


EVIL = "<script>alert('x')</script>\"'&{{ 7*7 }}$x$"


def test_names_are_harmless_whatever_they_hold():
    found = [replace(score, note=EVIL) for score in scores((EVIL,), (EVIL,))]
    case = replace(pictured(), case=EVIL)
    rows = [{"step": step, f"{EVIL}/a": 1.0 * step, f"validation/{EVIL}": 2.0 * step} for step in range(1, 9)]
    said = dict.fromkeys(("title", "about", "date", "recipe", "verdict"), EVIL)
    page = render(
        report(
            scores=found,
            cases=[case],
            journal=rows,
            best=f"validation/{EVIL}",
            warnings=[EVIL],
            failures=[EVIL],
            provenance={EVIL: EVIL, "group": {EVIL: [EVIL]}},
            **said,
        )
    )
    parsed = Page(page)
    assert parsed.tags.count("script") == Page(render(report())).tags.count("script") == 4
    assert b"<script>alert" not in page
    assert parsed.text.count("{{ 7*7 }}") > 10
    assert not any(name.startswith("on") for _, name, _ in parsed.attributes)


def test_a_name_that_is_no_text_at_all_is_written_somehow():
    assert Page(render(report(title="broken \udcff name", cases=[])))


@pytest.mark.parametrize(
    "less",
    [
        {"journal": None},
        {"journal": []},
        {"best": ""},
        {"cases": []},
        {"scores": [], "definition": None},
        {"definition": None},
        {"provenance": {}, "recipe": ""},
        {"recipe": ""},
        {"verdict": "", "about": "", "date": ""},
        {"cases": [pictured(target=False)], "scores": []},
        {"cases": [pictured(mask=False)]},
        {"cases": [pictured(target=False, mask=False)], "scores": [], "journal": None, "definition": None},
        {"scores": scores(controls=())},
    ],
    ids=lambda less: "+".join(less),
)
def test_the_page_does_without(less):
    text = Page(render(report(**less))).text
    assert "MR to CT" in text
    for name, heading in (("journal", "Training Each term"), ("cases", "Pictures"), ("scores", "Scores Mean")):
        assert (heading in text) == bool(report(**less).__dict__[name])


@pytest.mark.parametrize(
    ("shape", "spacing", "images"),
    [((30, 32, 1), (1.0, 1.0, 5.0), 4 + 3), ((40, 1, 30), (1.0, 5.0, 1.0), 4 + 3), ((30, 30, 6), (0.5, 1.0, 9.0), 28)],
    ids=["a single axial slice", "a single coronal slice", "thick slices"],
)
def test_thin_and_thick_volumes_are_pictured(shape, spacing, images):
    page = Page(render(report(cases=[pictured(shape=shape, spacing=spacing)])))
    assert page.tags.count("img") == images


def test_a_missing_score_is_shown_with_its_reason():
    found = [replace(s, value=math.nan, note="the mask is empty") if s.case == "sub-01" else s for s in scores()]
    text = Page(render(report(scores=found))).text
    assert "n 1, nan 1, inf 0" in text
    assert "sub-01 translated the mask is empty nan" in text


def test_failures_and_warnings_are_counted_and_said_without_folders():
    page = Page(render(report(failures=["/home/ada/sub-07.nii: is empty"], warnings=["a", "b"], cases=[])))
    assert "Not assessed 1 2 warnings" in page.text
    assert "Not assessed …/sub-07.nii: is empty" in page.text


def test_many_messages_do_not_push_the_scores_off_the_page():
    few, many = (render(report(failures=[f"sub-{n}: is empty" for n in range(count)], cases=[])) for count in (3, 50))
    assert b'class="messages long"' in many
    assert b'class="messages"' in few


def test_versions_hashes_and_recipe_stand_on_the_page_without_folders_or_host():
    facts = provenance() | {"model sha256": "7485fd58", "data": "/home/ada/cases"}
    text = Page(render(report(provenance=facts, recipe="root: /data/ada/cases\nseed: 7\n", cases=[]))).text
    for words in ("torch", "model sha256 7485fd58", "root: …/cases seed: 7", f"medtrans {version('medtrans')}"):
        assert words in text
    assert "ada" not in text
    assert platform.node() not in text


def test_scores_without_any_value_are_a_page_too():
    found = [replace(score, value=value) for score, value in zip(scores(), [math.nan, math.inf] * 4, strict=True)]
    text = Page(render(report(scores=found, cases=[]))).text
    assert "n 0, nan 2, inf 0" in text
    assert "n 0, nan 0, inf 2" in text
    assert "not assessable" in text


def test_a_training_that_did_not_converge_is_not_praised():
    good = render(report(cases=[], verdict="Converged: it did.")).decode()
    bad = render(report(cases=[], verdict="Did not converge: it still improved by 9%.")).decode()
    assert good.count('class="card good"') == bad.count('class="card good"') + 1
    assert bad.count('class="card bad"') == 1
    assert "it still improved by 9%." in bad


def test_the_best_checkpoint_is_named(whole):
    assert "The best checkpoint: validation/mae 50 HU at step 60." in Page(whole).text


def test_many_cases_scroll_within_their_table():
    names = [f"sub-{number:03}" for number in range(40)]
    page = render(report(scores=scores(names), cases=[]))
    assert b'class="scroll long"' in page
    assert Page(page).text.count("copy of the source") >= 40


def test_fifty_cases_make_a_page_little_larger_than_three():
    names = [f"sub-{number:03}" for number in range(50)]
    shown, controls = [pictured(name) for name in ("sub-000", "sub-025", "sub-049")], ("copy", "mean", "mean image")
    few, many = (render(report(scores=scores(some, controls), cases=shown)) for some in (names[:3], names))
    assert len(many) < len(few) + 300_000
    text = Page(many).text
    for words in ("best of 50 by MAE", "worst of 50 by MAE", "Shown are the worst", "scroll for all 50"):
        assert words in text
    order = [text.index(f"{word} of 50") for word in ("worst", "best", "median")]
    assert order == sorted(order)
    assert "not all" not in Page(few).text


def test_few_subjects_are_said(whole):
    asked = "Would that hold on MAE for other subjects like these? not assessable n = 2 subjects"
    assert asked in Page(whole).text
    assert "Cases scored 2 of 2 subjects" in Page(whole).text


def test_the_parts_of_the_page_can_be_jumped_to(whole):
    page = Page(whole)
    places = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert "#methods" in places
    assert all(place[1:] in page.ids for place in places)


def test_the_page_has_a_draft_of_the_methods_and_the_licence_of_its_viewer(whole):
    text = Page(whole).text
    assert "Scores follow the preset synthrad2023 of medtrans" in text
    assert "Copyright (c) 2021, Niivue" in text


def test_agreement_has_a_section_only_where_something_was_read():
    read = [Measurement(name, name, "mean in the mask", "HU", 40.0, 41.0) for name in "abc"]
    assert "Mean in the mask translated − target, HU · n = 3" in Page(render(report(cases=[], measurements=read))).text
    assert (
        "Agreement of translation and target in mean in the mask is given"
        in Page(render(report(cases=[], measurements=read))).text
    )
    assert "Bland-Altman" not in Page(render(report(cases=[]))).text


def downstream():
    """Liver and spleen of two cases; the first has a spleen that the translation lacks, the other has none at all."""
    agree = {"dice": 0.9, "hd95": 3.0, "surface_dice": 0.8}
    missed = {"dice": 0.0, "hd95": 70.0, "surface_dice": 0.0}
    return [
        Structure("sub-01", "sub-01", "translated", "liver", 90.0, 100.0, **agree),
        Structure("sub-01", "sub-01", "translated", "spleen", 0.0, 10.0, **missed),
        Structure("sub-02", "sub-02", "translated", "liver", 95.0, 100.0, **agree),
        Structure("sub-02", "sub-02", "translated", "spleen", 0.0, 0.0),
    ]


def test_structures_have_a_table_of_their_own_and_stay_out_of_the_scores():
    found = [*scores(), *scores_of(downstream())]
    text = Page(render(report(scores=found, structures=downstream()))).text
    for words in (
        "Structures missed or invented 1 of 3, over all cases",
        "found in the translations? fail 1 missed of 3 structures in 2 cases; spleen in sub-01",
        "liver 2 0 0 0.900 ± 0.000 3.0 ± 0.0 0.800 ± 0.000 100.0 92.5 −7.5",
        "spleen 1 1 0 0.000 70.0 0.000 10.0 0.0 −100.0",
        "sub-01 missed (less than 10% of it found), though in the target: spleen 0.450 36.50 0.400 1 0",
        "spleen missed (less than 10% of it found), though in the target 0.000 70.0 0.000 10.0 0.0",
        "Volume of liver translated − target, ml · n = 2",
    ):
        assert words in text, words
    assert "Mean Dice" not in text[text.index("Scores Mean ±") : text.index("Structures Does")]


def test_windows_are_given_with_level_width_and_the_scale_of_the_difference(whole):
    text = Page(whole).text
    assert "Soft tissue −160 … 240 HU (L 40, W 400), difference ±200 HU" in text
    assert "Bone −200 … 1000 HU (L 400, W 1200), difference ±1000 HU" in text


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return np.dot(linear, [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_stand_out_from_their_paper(whole, scheme):
    block = re.findall(r":root \{(.*?)\}", whole.decode(), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", block))
    pairs = [(words, paper) for words in ("ink", "quiet") for paper in ("paper", "raised")]
    pairs += [(words, f"{state}-paper") for state in ("good", "bad", "open") for words in (state, "ink", "quiet")]
    pairs += [(words, "paper") for words in ("first", "second", "mark", "bad", "open")]
    for words, paper in pairs:
        dim, bright = sorted((luminance(colours[words]), luminance(colours[paper])))
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, (words, paper)


def test_headings_descend_without_a_gap(whole):
    levels = [int(tag[1]) for tag in Page(whole).tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_only_the_first_of_several_channels_is_shown_and_said():
    case = pictured()
    double = Volume(np.concatenate([case.source.voxels] * 2), case.source.affine)
    assert "first of 2 channels of the source" in Page(render(report(cases=[replace(case, source=double)]))).text


def test_mr_targets_have_no_hounsfield_window():
    found = [replace(s, unit="of the target's 99.5th percentile") if s.metric == "mae" else s for s in scores()]
    text = Page(render(report(scores=found))).text
    assert "Soft tissue" not in text
    assert "lowest quarter" in text


def test_the_page_is_written_whole(tmp_path):
    write_page(tmp_path / "run" / "report.html", report(cases=[]))
    assert (tmp_path / "run" / "report.html").read_bytes() == render(report(cases=[]))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["report.html"]
