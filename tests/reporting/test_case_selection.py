import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.evaluating.scoring_case import ScoringCase
from medtrans.reporting.case_selection import case_images, report_cases, with_structures
from tests.reporting.report_volumes import example_case, scores

MODALITIES = ("MR", "CT")


class ExampleCase(ScoringCase):
    """A case in memory."""

    name = subject = "sub-01"

    def __init__(self, source):
        self.images, self.of_source = example_case(), source

    def target(self):
        return self.images.target

    def translated(self):
        return self.images.translated

    def mask(self, target):
        return self.images.mask

    def source(self):
        return self.of_source


def test_cases_without_a_target_are_displayed_after_the_others():
    assert report_cases(scores("abc"), 4, ["d", "e"]) == ["c", "b", "a", "d"]
    assert report_cases(scores("abc"), 2, ["d"]) == ["c", "a"]
    assert report_cases([], 3, ["d"]) == ["d"]


def test_the_images_of_a_case_have_its_modalities_and_its_mask():
    source = example_case().source
    images, findings = case_images(ExampleCase(source), *MODALITIES)
    assert (images.source, images.source_modality, images.target_modality) == (source, "MR", "CT")
    assert images.mask is not None
    assert findings == []


def test_an_unpaired_case_has_no_target():
    images, _ = case_images(ExampleCase(example_case().source), *MODALITIES, has_target=False)
    assert images.target is images.mask is None


@pytest.mark.parametrize(
    ("source", "reason"),
    [(None, "there is no readable source"), (Volume(np.zeros((1, 3, 3, 3), np.float32), np.eye(4)), "position")],
)
def test_a_source_that_cannot_be_displayed_is_a_finding(source, reason):
    images, (finding,) = case_images(ExampleCase(source), *MODALITIES)
    assert images.source is None
    assert "is displayed without its source" in finding.sentence
    assert reason in finding.sentence
    assert case_images(ExampleCase(None), *MODALITIES, needs_source=False)[1] == []


class NoLabelMaps:
    """A segmentation task without label maps."""

    classes = {"bone": (1,)}  # noqa: RUF012

    def class_numbers(self, case, translated, target):
        raise InputRefused(case, "has no label map", "give one")


def test_a_case_without_label_maps_is_displayed_without_them():
    assert with_structures(example_case(), NoLabelMaps()).structures == {}
