import pytest

from medtrans.catalogue import find_recipe
from medtrans.core.errors import InputRefused
from medtrans.recipe import load_recipe
from medtrans.stages.check import check, check_recipe, names_volumes


def checked(*changes):
    return check_recipe(load_recipe(find_recipe("t1_to_t2"), changes))


@pytest.fixture
def copied(tmp_path):
    """The sample data in a folder of their own."""
    for path in load_recipe(find_recipe("t1_to_t2")).reading.root.glob("*.nii.gz"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_a_source_without_a_target_is_named(copied):
    assert not checked(f"reading.root={copied}")
    (copied / "sub-03_T2.nii.gz").unlink()
    (finding,) = checked(f"reading.root={copied}")
    assert (finding.where, finding.severity) == (str(copied / "sub-03_T1.nii.gz"), "warn")
    assert "belongs to no case" in finding.what


def test_a_person_with_one_visit_is_named(tmp_path):
    recipe = load_recipe(find_recipe("follow_up"))
    lines = recipe.reading.table.read_text().splitlines(keepends=True)
    (tmp_path / "visits.csv").write_text("".join(lines[:-1]))
    (finding,) = check_recipe(load_recipe(find_recipe("follow_up"), [f"reading.table={tmp_path / 'visits.csv'}"]))
    assert (finding.code, finding.where, finding.severity) == ("single-visit", "sub-02_ses-1", "warn")


def test_values_are_checked_where_a_modality_is_given(copied):
    file = copied / "sub-03_T1.nii.gz"
    assert check(file) == []
    (finding,) = check(file, "CT")
    assert finding.code == "implausible-ct"


def test_a_folder_is_searched_and_an_empty_one_refused(copied):
    assert check(copied) == []
    (copied / "empty").mkdir()
    with pytest.raises(InputRefused, match="holds no volume"):
        check(copied / "empty")


def test_a_volume_is_told_from_a_recipe(tmp_path):
    assert names_volumes(tmp_path / "a.nii.gz")
    assert not names_volumes(tmp_path / "recipe.yaml")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InputRefused, match="neither a volume nor a recipe"):
        names_volumes(tmp_path / "notes.txt")
    assert names_volumes(tmp_path)
    (tmp_path / "recipe.yaml").write_text("name: run")
    assert not names_volumes(tmp_path)
