import pytest

from medtrans.catalogue import LISTS, entries, find_recipe, pipelines_folder, recipes, setting_rows, to_text
from medtrans.core.errors import UsageError


@pytest.mark.parametrize("name", LISTS)
def test_every_list_names_its_members(name):
    members = entries(name)
    assert members
    assert all(member.name and member.summary for member in members)
    text = to_text(members)
    assert all(member.name in text for member in members)


def test_a_pipeline_is_found_by_its_name_its_folder_and_its_file():
    file = pipelines_folder() / "t1_to_t2" / "recipe.yaml"
    assert find_recipe("t1_to_t2") == find_recipe(str(file.parent)) == find_recipe(str(file)) == file
    assert find_recipe("baselines/vae") == recipes()["baselines/vae"]


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(UsageError, match="did you mean 't1_to_t2'"):
        find_recipe("t1_to_t3")
    with pytest.raises(UsageError, match="did you mean 'methods'"):
        entries("methodes")


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("training.steps", ["training.steps"]),
        ("evaluating.segmentation.model", ["evaluating.segmentation.model"]),
        ("method.pix2pix.generator.unet.channels", ["method.pix2pix.generator.unet.channels"]),
        ("preparing.augmentation.rotation", ["preparing.augmentation.rotation.degrees"]),
        ("method", ["method.name"]),
    ],
)
def test_settings_are_listed_below_a_path(path, keys):
    assert [row.key for row in setting_rows(path)] == keys


def test_all_settings_have_a_meaning_and_a_wrong_path_a_suggestion():
    assert [row.key for row in setting_rows("") if not row.meaning and row.values != "table"] == []
    with pytest.raises(UsageError, match="did you mean 'steps'"):
        setting_rows("training.stpes")
    with pytest.raises(UsageError, match="did you mean 'training'"):
        setting_rows("traning")
