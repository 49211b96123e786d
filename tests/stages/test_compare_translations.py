import json
from pathlib import Path

import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.core.volume import Volume
from medtrans.reading.volumes import write_volume
from medtrans.stages.compare import compare, to_json
from medtrans.stages.compare_translations import compare_translations, system_names

CASES = ("1BA01", "1BA02", "1BA03")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Three targets, and translations of other names with noise of 20 and of 60 HU."""
    folder, rng = tmp_path_factory.mktemp("translations"), np.random.default_rng(0)
    for subject in CASES:
        target = rng.uniform(-100, 100, (1, 16, 16, 16)).astype(np.float32)
        images = {f"real/{subject}/ct": target}
        images |= {
            f"{word}/{subject}_made": target + rng.normal(0, sd, target.shape) for word, sd in (("a", 20), ("b", 60))
        }
        for name, voxels in images.items():
            path = folder / f"{name}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_volume(Volume(voxels.astype(np.float32), np.diag([2, 2, 2, 1.0])), path)
    return folder


def patterns(folder):
    return [folder / word / "{subject}_made.nii.gz" for word in "ab"], folder / "real" / "{subject}" / "ct.nii.gz"


def test_translations_of_other_names_are_compared_at_once(folders, tmp_path):
    made, real = patterns(folders)
    found = compare_translations(made, real, None, "synthrad2025", tmp_path / "out")
    (mae,) = [table for table in found.comparison.tables if table.metric.label == "mae"]
    assert [line.system for line in mae.lines] == ["a", "b"]
    assert mae.lines[0].mean == pytest.approx(20 * np.sqrt(2 / np.pi), rel=0.05)
    written = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert {"comparison.html", "comparison.tex", "a/report.html", "b/scores.json", "b/scores_wide.csv"} <= written
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert page.count("<figcaption>b</figcaption>") == len(CASES) * 3
    # The folders that it wrote are compared as any other scored folders are.
    again = compare([tmp_path / "out" / "a", tmp_path / "out" / "b"])
    assert json.loads(to_json(again))["rankings"] == json.loads(to_json(found))["rankings"]


def test_nothing_is_written_where_a_file_exists(folders, tmp_path):
    made, real = patterns(folders)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "scores.csv").write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        compare_translations(made, real, None, "synthrad2025", tmp_path)
    assert [path.name for path in tmp_path.rglob("*.*")] == ["scores.csv"]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["x/a", "x/b"], ["a", "b"]),
        (["x/a/ct", "x/b/ct"], ["a", "b"]),
        (["x/{subject}_a.nii.gz", "x/{subject}_b.nii.gz"], ["a", "b"]),
        (["a/{subject}_ct_*.mha", "b/{subject}_ct_*.mha"], ["a", "b"]),
    ],
)
def test_systems_have_the_names_that_distinguish_them(paths, names):
    assert system_names([Path(path) for path in paths]) == names
