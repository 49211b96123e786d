from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.reporting.page import render
from tests.reporting.html_page import Page
from tests.reporting.report_volumes import example_case, report, scores


@pytest.mark.parametrize(
    ("shape", "spacing", "images"),
    [((30, 32, 1), (1.0, 1.0, 5.0), 4 + 3), ((40, 1, 30), (1.0, 5.0, 1.0), 4 + 3), ((30, 30, 6), (0.5, 1.0, 9.0), 28)],
    ids=["a single axial slice", "a single coronal slice", "thick slices"],
)
def test_thin_and_thick_volumes_are_displayed(shape, spacing, images):
    page = Page(render(report(cases=[example_case(shape=shape, spacing=spacing)])))
    of_the_summary = 4
    assert page.tags.count("img") == images + of_the_summary


def test_a_line_of_voxels_has_no_slice_and_still_a_page():
    page = Page(render(report(cases=[example_case(shape=(30, 1, 1), spacing=(1.0, 1.0, 1.0))])))
    assert page.tags.count("img") == 0
    assert "30 × 1 × 1 voxels" in page.text


def test_fifty_cases_make_a_page_little_larger_than_three():
    names = [f"sub-{number:03}" for number in range(50)]
    baselines = ("copied source", "training mean", "training mean image")
    cases = [example_case(name) for name in ("sub-000", "sub-025", "sub-049")]
    few, many = (render(report(scores=scores(some, baselines), cases=cases)) for some in (names[:3], names))
    assert len(many) < len(few) + 300_000
    text = Page(many).text
    for words in ("best of 50 by MAE", "worst of 50 by MAE", "Displayed are the worst", "scroll for all 50"):
        assert words in text
    order = [text.index(f"{word} of 50") for word in ("worst", "best", "median")]
    assert order == sorted(order)
    assert "not all" not in Page(few).text


def test_windows_are_given_with_level_width_and_the_range_of_the_difference():
    text = Page(render(report())).text
    assert "Soft tissue −160 … 240 HU (L 40, W 400), difference ±200 HU" in text
    assert "Bone −450 … 1050 HU (L 300, W 1500), difference ±750 HU" in text


def test_only_the_first_of_several_channels_is_displayed_and_the_page_says_so():
    case = example_case()
    double = Volume(np.concatenate([case.source.voxels] * 2), case.source.affine)
    assert "first of 2 channels of the source" in Page(render(report(cases=[replace(case, source=double)]))).text


@pytest.mark.parametrize(("modality", "unit"), [("MR", "a.u."), ("PET", "SUV"), ("dose", "Gy")])
def test_targets_other_than_ct_have_no_window_of_ct_and_their_own_unit(modality, unit):
    text = Page(render(report(cases=[example_case(modality=modality)]))).text
    assert "Soft tissue" not in text
    assert "lowest quarter" in text
    assert f"assigned by the value of the target, {unit}" in text


def test_a_page_of_single_slices_has_the_viewer_and_is_small():
    page = report(cases=[example_case(shape=(30, 32, 1), spacing=(1.0, 1.0, 5.0))])
    assert "viewer" in [section.name for section in page.sections]
    assert len(render(page)) < 1_500_000
