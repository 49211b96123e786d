import html.parser
import re

import numpy as np
import pytest

from medtrans.core.metric import Score
from medtrans.core.volume import Volume
from medtrans.evaluating.cases import definition
from medtrans.reporting.page import Pictured, Report, write_page
from medtrans.reporting.provenance import provenance

EMPTY = {"meta", "img", "br", "hr", "link", "input", "path", "line", "circle", "rect", "polyline", "use", "col"}


class Balanced(html.parser.HTMLParser):
    """Fails on a tag that is closed without having been opened."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in EMPTY:
            assert self.open.pop() == tag, tag


def ball(shape=(24, 28, 20), spacing=(3, 3, 4), seed=0):
    grid = np.meshgrid(*[np.linspace(-1, 1, n) if n > 1 else [0.0] for n in shape], indexing="ij")
    inside = sum(axis**2 for axis in grid) < 0.8
    noise = np.random.default_rng(seed).normal(0, 30, shape)
    voxels = np.where(inside, 40 + noise, -1024)
    return Volume(voxels[None].astype(np.float32), np.diag([*spacing, 1.0])), inside


def report(shape=(24, 28, 20), **changes):
    volume, inside = ball(shape)
    other, _ = ball(shape, seed=1)
    scores = [
        Score("sub-1", "sub-1", who, "mae", value, "HU", "lower")
        for who, value in (("translated", 30.0), ("copy", 90.0))
    ]
    given = {
        "title": "A report",
        "definition": definition("synthrad2023", "the body"),
        "scores": scores,
        "cases": [Pictured("sub-1", volume, other, volume, volume.like(inside.astype(np.uint8)))],
        "date": "2026-01-01",
        "journal": [{"step": n, "generator/l1": 1 / (n + 1), "validation/mae": 50.0 - n} for n in range(30)],
        "best": "validation/mae",
        "provenance": provenance(),
        "recipe": "name: x\n",
        "verdict": "Converged: it did.",
        **changes,
    }
    return Report(**given)


def written(folder, **changes):
    write_page(folder / "report.html", report(**changes))
    return (folder / "report.html").read_text()


def test_the_page_asks_no_network_for_anything(tmp_path):
    page = written(tmp_path)
    assert not re.findall(r"\s(?:src|href)=(?![\"']?(?:data:|#))[^>\s]+", page)
    assert not re.findall(r"url\((?![\"']?(?:data:|#))|@import|<script[^>]+src", page)


def test_the_page_is_balanced_and_small(tmp_path):
    page = written(tmp_path)
    parser = Balanced()
    parser.feed(page)
    assert not parser.open
    assert len(page) < 2_000_000


def test_what_a_person_needs_is_on_it(tmp_path):
    page = written(tmp_path)
    for words in ("SYNTHETIC", "synthrad2023", "the body", "copy", "Converged", "name: x", "torch", "sub-1"):
        assert words in page


def test_a_name_that_is_code_is_only_text(tmp_path):
    volume, _ = ball()
    page = written(tmp_path, title="<script>alert(1)</script>", cases=[Pictured("<b>x", volume, None, volume)])
    assert "<script>alert" not in page
    assert "<b>x" not in page


def test_the_same_report_gives_the_same_bytes(tmp_path):
    assert written(tmp_path) == written(tmp_path)


@pytest.mark.parametrize("missing", [{"journal": []}, {"cases": []}, {"scores": []}, {"recipe": ""}, {"verdict": ""}])
def test_what_is_missing_is_left_out(missing, tmp_path):
    assert "A report" in written(tmp_path, **missing)


def test_a_single_slice_is_pictured(tmp_path):
    assert "data:image/png" in written(tmp_path, shape=(32, 40, 1))


def test_a_score_without_a_value_shows_why(tmp_path):
    scores = [Score("sub-1", "sub-1", "translated", "ssim", float("nan"), "", "higher", "the mask holds no voxel")]
    assert "the mask holds no voxel" in written(tmp_path, scores=scores)


def test_provenance_names_no_folder_host_or_user():
    import getpass
    import platform

    words = str(provenance())
    assert platform.node() not in words
    assert "/" not in words.replace("N/A", "")
    assert getpass.getuser() == "root" or getpass.getuser() not in words
