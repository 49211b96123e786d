import pytest

from medtrans.core.errors import UsageError
from medtrans.evaluating.segmentation.classes import GROUPS, TOTAL, checked, find_classes


def test_the_numbers_are_those_that_the_challenge_names_in_its_comments():
    said = {2: "kidney_right", 3: "kidney_left", 5: "liver", 6: "stomach", 79: "spinal_cord", 90: "brain", 91: "skull"}
    assert {number: TOTAL[number] for number in said} == said
    assert TOTAL[116] == "sternum"
    assert all(TOTAL[number].startswith("lung_") for number in range(10, 15))
    assert all(TOTAL[number].startswith("vertebrae_") for number in range(26, 51))
    assert all(TOTAL[number].startswith("rib_") for number in range(92, 116))


def test_there_are_117_of_them_and_every_name_is_one_structure():
    assert list(TOTAL) == list(range(1, 118))
    assert len(set(TOTAL.values())) == 117


@pytest.mark.parametrize(("group", "count"), [("AB", 60), ("HN", 28), ("TH", 58), ("total", 117)])
def test_a_group_is_known_by_name(group, count):
    classes = find_classes(group)
    assert len(classes) == len(GROUPS[group]) == count
    assert all(TOTAL[number] == name for name, (number,) in classes.items())


def test_abdomen_differs_from_thorax_by_the_kidneys():
    assert set(find_classes("AB")) - set(find_classes("TH")) == {"kidney_right", "kidney_left"}


def test_a_table_may_stand_in_a_file_or_in_the_word_itself(tmp_path):
    file = tmp_path / "classes.yaml"
    file.write_text("liver: 5\nkidneys: [2, 3]\n")
    expected = {"liver": (5,), "kidneys": (2, 3)}
    assert find_classes(str(file)) == find_classes("{liver: 5, kidneys: [2, 3]}") == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("ABC", "did you mean"),
        ("no/such/file.yaml", "neither a group nor a file"),
        ("liver: 0", "0 is background"),
        ("liver: 1.5", "whole numbers"),
        ("liver: true", "whole numbers"),
        ("liver: []", "whole numbers"),
        ("{liver: 5, kidneys: [2, 5]}", "5 is both liver and kidneys"),
        ("mean: 3", "another name"),
        ("{liver: [5", "no table"),
        ("a: b: c", "no table"),
    ],
)
def test_a_wrong_table_is_answered_in_one_sentence(options, said):
    with pytest.raises(UsageError, match=said):
        find_classes(options)


def test_an_empty_table_is_refused():
    with pytest.raises(UsageError, match="no table"):
        checked({}, "evaluating.segmentation.labels")
