import json
import re
import shutil
from dataclasses import asdict

import pytest

from medtrans.catalogue import find_recipe
from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.sealed_json import seal
from medtrans.core.volume import Volume
from medtrans.evaluating.uncertainty import CLAUSES
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.recipe import load_recipe
from medtrans.stages.compare import compare, to_json, to_text, write_comparison
from medtrans.stages.run import run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A quick run, and its copy whose scores are a tenth better."""
    folder = tmp_path_factory.mktemp("runs")
    small = ["method.generator.channels=[4, 8]", "training.steps=3", "training.device=cpu"]
    run(load_recipe(find_recipe("t1_to_t2"), small, quick=True), folder / "one")
    shutil.copytree(folder / "one", folder / "other")
    change(folder / "other", lambda scores: [_better(case["scores"]) for case in scores["cases"]])
    return folder


def _better(scores):
    scores["mae"] *= 0.9


def change(folder, how):
    file = folder / "scores.json"
    scores = json.loads(file.read_text())
    how(scores)
    file.write_bytes(seal(scores))


def volumes_of(page):
    """Layers of the first case in the viewer."""
    packed = re.search(r'<script type="application/json" id="volumes-1">(.*?)</script>', page, re.S)
    return json.loads(packed[1])["layers"]


def lines(found, label):
    (table,) = [table for table in found.comparison.tables if table.metric.label == label]
    return table.lines


def labels(found):
    return [table.metric.label for table in found.comparison.tables]


def test_runs_are_ranked_with_the_baselines(runs):
    found = compare([runs / "one", runs / "other"])
    mae = {line.system: line for line in lines(found, "mae")}
    assert mae["other"].mean_rank < mae["one"].mean_rank
    assert mae["other"].mean == pytest.approx(0.9 * mae["one"].mean)
    assert "baseline: copied source" in mae
    assert found.systems[0].cost.steps == 3
    assert "other" in to_text(found)


def test_with_few_subjects_it_says_what_no_test_can_reach(runs, tmp_path):
    found = compare([runs / "one", runs / "other"], {"mae": 0.02})
    assert found.comparison.subjects < 6
    assert "Below 6 subjects no test can reach p < 0.05" in to_text(found)
    page = write_comparison(tmp_path, found).read_text()
    assert "Below 6 subjects no test can reach p &lt; 0.05" in page
    assert "p, equivalence within ±0.02" in page
    document = json.loads(to_json(found), parse_constant=pytest.fail)
    assert document["rankings"]["mae"]["equivalence_margin"] == 0.02
    assert document["rankings"]["psnr"]["equivalence_margin"] is None
    assert document["rankings"]["mae"]["systems"][1]["p"] is None
    assert document["runs"]["one"]["steps"] == 3


@pytest.mark.parametrize(
    ("margin", "said"), [({"mea": 1.0}, "did you mean 'mae'"), ({"mae": 0.0}, "is not an equivalence margin")]
)
def test_a_margin_is_of_a_metric_and_above_nothing(runs, margin, said):
    with pytest.raises(UsageError, match=said):
        compare([runs / "one", runs / "other"], margin)


def test_the_page_shows_every_run_and_asks_no_network(runs, tmp_path):
    page = write_comparison(tmp_path / "out", compare([runs / "one", runs / "other"])).read_text()
    assert page.count("<img") >= 2 * 3
    for name in ("one", "other", "source", "target"):
        assert f"<figcaption>{name}</figcaption>" in page
    assert not re.search(r"(src|href)=.(http|//)", page)
    assert [layer["role"] for layer in volumes_of(page)] == [
        "source",
        "target",
        "translated: one",
        "translated: other",
        "mask",
    ]
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "comparison.html",
        "comparison.csv",
        "comparison.json",
        "comparison.tex",
    }


def without(scores, subject):
    return [clause for clause in scores["definition"]["clauses"] if clause["subject"] != subject]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda scores: scores["definition"].update(preset="synthrad2025"), "preset is 'synthrad2025'"),
        (lambda scores: scores["definition"].update(region="everything"), "region is 'everything'"),
        (
            lambda scores: scores["definition"].update(value_range=[0, 2]),
            r"value_range is \(0, 2\), in .*one it is \(0, 1\)",
        ),
        (
            lambda scores: scores["definition"]["clauses"].append({"subject": "Blur", "text": "on.", "values": {}}),
            "only .*third was scored with 'Blur: on",
        ),
        (
            lambda scores: scores["definition"].update(clauses=without(scores, "Target normalisation")),
            'only .*one was scored with "Target normalisation: none',
        ),
        (
            lambda scores: scores["definition"]["clauses"][0].update(text="otherwise."),
            "Intensities is 'Intensities: otherwise.', in .*one it is 'Intensities: both",
        ),
        (
            lambda scores: scores["cases"][0]["input_hashes"].update(target="0"),
            "was scored on another target than in .*one",
        ),
        (
            lambda scores: scores["cases"][0]["input_hashes"].update(mask="0"),
            "was scored on another mask than in .*one",
        ),
        (lambda scores: scores["cases"][0].update(name="somebody"), "not scored on the same cases: "),
    ],
)
def test_what_was_measured_otherwise_is_refused_by_name(runs, tmp_path, how, said):
    shutil.copytree(runs / "one", tmp_path / "third")
    change(tmp_path / "third", how)
    with pytest.raises(UsageError, match=said):
        compare([runs / "one", tmp_path / "third"])


def test_scores_of_change_by_another_change_mask_are_refused(runs, tmp_path):
    for name, digest in (("three", "0"), ("four", "1")):
        shutil.copytree(runs / "one", tmp_path / name)
        change(tmp_path / name, lambda scores, digest=digest: scores["cases"][0]["input_hashes"].update(change=digest))
    with pytest.raises(UsageError, match=r"was scored with another change mask than in .*three"):
        compare([tmp_path / "three", tmp_path / "four"])
    assert compare([runs / "one", tmp_path / "four"]), "the other metrics need none"


def test_a_run_without_a_scored_case_is_refused(runs, tmp_path):
    shutil.copytree(runs / "one", tmp_path / "third")
    change(tmp_path / "third", lambda scores: scores.update(cases=[]))
    with pytest.raises(InputRefused, match="has no scored case"):
        compare([runs / "one", tmp_path / "third"])


def test_a_run_whose_uncertainty_is_scored_too_is_compared_by_what_both_have(runs, tmp_path):
    def with_uncertainty(scores):
        scores["definition"]["clauses"] += [asdict(clause) for clause in CLAUSES]
        metric = {"name": "calibration", "settings": {}, "region": "", "unit": "", "direction": "lower"}
        scores["metrics"]["calibration"] = metric
        for case in scores["cases"]:
            case["scores"]["calibration"] = 0.5

    shutil.copytree(runs / "one", tmp_path / "drawn")
    change(tmp_path / "drawn", with_uncertainty)
    for pair in ((tmp_path / "drawn", runs / "one"), (runs / "one", tmp_path / "drawn")):
        assert labels(compare(pair)) == ["mae", "psnr", "ssim", "ms_ssim"]
    shutil.copytree(tmp_path / "drawn", tmp_path / "again")
    assert "calibration" in labels(compare([tmp_path / "drawn", tmp_path / "again"]))


def test_cases_on_other_grids_are_refused_with_their_spacing(runs, tmp_path):
    shutil.copytree(runs / "one", tmp_path / "third")
    (path,) = (tmp_path / "third/translations").glob("*.nii.gz")
    volume = read_volume(path)
    coarser = Volume(
        volume.voxels[:, ::2, ::2], volume.affine @ [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    )
    write_volume(coarser, path, overwrite=True)
    with pytest.raises(UsageError, match=r"sub-\d+ has another grid: 9.6 x 9.6 x 4.8 mm, .* in .*one 4.8 x 4.8 x 4.8"):
        compare([runs / "one", tmp_path / "third"])


def test_a_folder_that_is_no_run_and_a_run_alone_are_answered(runs, tmp_path):
    with pytest.raises(InputRefused, match=r"has no scores: there is no scores\.json"):
        compare([runs / "one", tmp_path])
    shutil.copytree(runs / "one", tmp_path / "half")
    (tmp_path / "half" / "journal.csv").unlink()
    with pytest.raises(InputRefused, match=r"is no finished run: it has no journal\.csv"):
        compare([runs / "one", tmp_path / "half"])
    with pytest.raises(UsageError, match="give two or more"):
        compare([runs / "one"])


def test_scores_of_a_damaged_file_are_not_compared(runs, tmp_path):
    damaged = tmp_path / "damaged"
    shutil.copytree(runs / "one", damaged)
    text = (damaged / "scores.json").read_text()
    number = re.search(r'"mae": 0\.(\d)', text)
    (damaged / "scores.json").write_text(text[: number.start(1)] + "9" + text[number.end(1) :])
    with pytest.raises(InputRefused, match=r"scores\.json: does not agree with its checksum"):
        compare([runs / "other", damaged])
