import pytest

from medtrans.catalogue import LISTS, entries, find_recipe, pipelines_folder, recipes, to_text
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
