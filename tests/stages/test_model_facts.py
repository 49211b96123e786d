import json
import shutil

import pytest

from medtrans.catalogue import find_recipe
from medtrans.core.errors import UsageError
from medtrans.recipe import load_recipe, make_recipe
from medtrans.runs import RunFolder
from medtrans.stages._model_facts import data_facts
from medtrans.stages.run import run

SAMPLES = find_recipe("t1_to_t2").parents[2] / "sample_data"
QUICK = load_recipe(find_recipe("mri_to_ct"), ["training.steps=1", "training.device=cpu"], quick=True)


def from_table(root, **changes):
    image = {"source": {"modality": "MR"}, "target": {"modality": "CT"}}
    values = QUICK.to_dict() | {"reading": {"root": str(root), "table": str(root / "people.csv"), **image}}
    return make_recipe(values | changes)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Four people in a table, in a folder of that name: two sources, a mask, a scanner, a column that is not used."""
    folder = tmp_path_factory.mktemp("Miller")
    lines = ["subject,source_1,source_2,target,mask,split,scanner,age"]
    for number, split in enumerate(("train", "train", "validation", "test")):
        files = [f"Miller{number}_{kind}.nii.gz" for kind in ("T1", "T2", "CT", "mask")]
        for file in files:
            shutil.copy(SAMPLES / file.replace("Miller", "sub-0"), folder / file)
        lines.append(",".join([f"Miller{number}", *files, split, "Acme 3 T", "40"]))
    (folder / "people.csv").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def card(root, tmp_path_factory):
    """The card of a run from that table."""
    folder = tmp_path_factory.mktemp("Miller") / "run"
    statements = {"licence": "CC-BY-4.0", "source": "T1-weighted, T2-weighted", "intended_use": "teaching"}
    run(from_table(root, card=statements), folder)
    return (RunFolder(folder).model / "MODEL_CARD.md").read_text(), folder


def test_the_card_of_a_run_from_a_table_names_what_was_really_read(card):
    for words in (
        "read from: table people.csv, columns source_1, source_2, target, mask",
        "subjects: train 2, validation 1, test 1",
        "cases with a mask file: train 2, validation 1, test 1",
        "split: as given in the table",
        "voxel size: 4.8 × 4.8 × 4.8 mm",
        "field of view: 192 × 230 × 192 mm",
        "scanner: Acme 3 T (2 of 2 cases)",
        "source: T1-weighted, T2-weighted",
        "target: not stated",
        "intended: teaching",
        "- model: CC-BY-4.0",
        "- licence: not declared",
        "- steps: 1",
        "scored: 1 case of 1 subject",
        "Better than every baseline on MAE, in these cases? No: ",
    ):
        assert words in card[0], words
    assert "*_T1" not in card[0]


def test_a_card_that_is_given_away_names_no_person_and_no_folder(card, root):
    text, folder = card
    config = (RunFolder(folder).model / "config.json").read_text()
    for private in ("Miller", str(root.parent)):
        assert private not in text
        assert private not in config


def test_a_table_splits_at_random_only_those_it_gives_no_split(root):
    recipe = from_table(root)
    assert data_facts(recipe, recipe.cases())["split"] == "as given in the table"
    table = root / "open.csv"
    table.write_text((root / "people.csv").read_text().replace("split", "group").replace("validation", "1"))
    table.write_text(table.read_text().replace("train", "1").replace("test", "1"))
    recipe = from_table(root, reading=recipe.to_dict()["reading"] | {"table": str(table), "seed": 7})
    assert data_facts(recipe, recipe.cases())["split"] == "at random (seed 7)"


@pytest.mark.parametrize(("spacing", "resampled"), [([4.8, 4.8, 4.8], False), ([4.8, 4.8, 5], True), (None, False)])
def test_a_voxel_size_that_all_volumes_have_is_no_resampling(root, spacing, resampled):
    recipe = from_table(root, preparing=QUICK.to_dict()["preparing"] | {"spacing": spacing})
    assert data_facts(recipe, recipe.cases())["resampled"] is resampled


def test_the_statements_for_a_card_have_a_bound_and_are_in_the_model(root, card):
    with pytest.raises(UsageError, match=r"card\.licence: invalid value"):
        from_table(root, card={"licence": "x" * 501})
    config = json.loads((RunFolder(card[1]).model / "config.json").read_text())
    assert config["card"]["declared"]["licence"] == "CC-BY-4.0"
