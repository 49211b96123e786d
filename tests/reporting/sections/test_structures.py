from medtrans.core.measurement import Structure
from medtrans.core.score import Clause
from medtrans.evaluating.segmentation.structures import scores_of
from medtrans.reporting.page import render
from medtrans.reporting.sections.structures import structures_section
from tests.reporting.html_page import Page
from tests.reporting.report_volumes import DEFINITION, report, scores


def structures():
    """Liver and spleen of two cases; the first has a spleen that the translation lacks, the other has none at all."""
    agree = {"dice": 0.9, "hd95": 3.0, "surface_dice": 0.8}
    missed = {"dice": 0.0, "hd95": 70.0, "surface_dice": 0.0}
    return [
        Structure("sub-01", "sub-01", "translated", "liver", 90.0, 100.0, **agree),
        Structure("sub-01", "sub-01", "translated", "spleen", 0.0, 10.0, **missed),
        Structure("sub-02", "sub-02", "translated", "liver", 95.0, 100.0, **agree),
        Structure("sub-02", "sub-02", "translated", "spleen", 0.0, 0.0),
    ]


def test_structures_have_a_table_of_their_own_and_are_not_among_the_scores():
    found = [*scores(), *scores_of(structures())]
    text = Page(render(report(scores=found, structures=structures()))).text
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
    assert "Mean Dice" not in text[text.index("Scores Mean ±") : text.index("Structures The label map")]


def test_the_origin_of_the_label_maps_comes_from_the_definition():
    definition = type(DEFINITION)(
        **{**vars(DEFINITION), "clauses": (Clause("Segmentation", "external label maps."), *DEFINITION.clauses)}
    )
    of_classes = [score for score in scores_of(structures()) if score.metric.region in ("", "mean")]
    assert structures_section(structures(), of_classes, definition).data.origin == "external label maps."
    assert structures_section([], [], definition) is None
