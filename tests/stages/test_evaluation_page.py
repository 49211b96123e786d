import json

import pytest

from medtrans.core.volume import Volume
from medtrans.evaluating.segmentation.label_maps import of_options
from medtrans.reading.volumes import write_volume
from medtrans.stages.evaluate import evaluate
from medtrans.stages.evaluation_page import write_evaluation_page
from tests.reporting.report_volumes import example_case, segmented


@pytest.fixture
def scored(tmp_path):
    """Folders of targets, translations, sources and label maps; the source of b lies elsewhere, c has none."""
    for number, name in enumerate(("a", "b", "c")):
        case = segmented(example_case(name, shift=20.0 * number))
        for folder, volume in (("target", case.target), ("made", case.translated), ("source", case.source)):
            write_volume(volume, tmp_path / folder / f"{name}.nii.gz")
        for role, labels in case.structures.items():
            write_volume(labels, tmp_path / f"labels_{role}" / f"{name}.nii.gz")
    elsewhere = Volume(case.source.voxels[:, 1:], case.source.affine)
    write_volume(elsewhere, tmp_path / "source" / "b.nii.gz", overwrite=True)
    (tmp_path / "source" / "c.nii.gz").unlink()
    return tmp_path


def page_of(folder, **options):
    paths = folder / "made", folder / "target", None
    evaluation = evaluate(*paths, "synthrad2023", **options)
    return write_evaluation_page(folder / "page", evaluation, *paths, **options).read_text()


def test_volumes_that_were_only_scored_get_the_same_page_and_tables(scored):
    page = page_of(scored)
    files = {path.name for path in (scored / "page").iterdir()}
    assert files == {"report.html", "scores.csv", "scores_wide.csv", "scores.json", "tables.tex"}
    for words in ("worst of 3 by MAE", "no baseline was scored", "Volume of bone above 200 HU", 'data-case="3"'):
        assert words in page, words
    measured = json.loads((scored / "page" / "scores.json").read_text())["measurements"]
    assert {one["name"] for one in measured} == {"mean in the mask", "volume of bone above 200 HU"}


def test_sources_and_structures_are_displayed_where_they_are_given_and_fit(scored):
    options = scored / "labels_translated", scored / "labels_target", "{bone: 1, soft tissue: 2}", 2.0
    page = page_of(scored, segmentation=of_options(*options), source=scored / "source")
    layers = {name: page.count(f'"role": "{name}"') for name in ("source", "target", "mask", "translated_structures")}
    assert layers == {"source": 1, "target": 3, "mask": 3, "translated_structures": 3}
    assert "b: is displayed without its source: " in page
    assert "c: is displayed without its source: there is no readable source of its name" in page
    assert "3 missed of 6 structures in 3 cases; soft tissue in a, b, c" in page
    assert (scored / "page" / "structures.csv").is_file()
