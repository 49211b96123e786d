import pytest

from medtrans.core.errors import UsageError
from medtrans.core.yaml_text import parse_word, parse_yaml


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1", "is not YAML in line 1"),
        ("a: 1\nb: {c: 2", "in line 2"),
        ("a: &x 1\nb: *x\n", "anchor or alias"),
        ("a: !!python/object/apply:os.system ['true']", "is not YAML"),
    ],
)
def test_what_is_not_plain_yaml_gives_one_error_with_its_line(text, expected):
    with pytest.raises(UsageError, match=r"recipe\.yaml") as caught:
        parse_yaml(text, "recipe.yaml")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pattern_on_the_command_line_needs_no_quotes():
    assert parse_word("*_T1.nii.gz", "--set") == "*_T1.nii.gz"
    assert parse_word("[1, 2]", "--set") == [1, 2]
    with pytest.raises(UsageError, match="put it in quotes"):
        parse_word("[1", "--set")
