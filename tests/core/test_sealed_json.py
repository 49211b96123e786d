import json

import pytest

from medtrans.core.sealed_json import NotSealed, parse_json, seal, unseal

DOCUMENT = {"name": "é", "numbers": [1, 2.5, -3e-12], "nested": {"none": None, "yes": True}}


def test_what_was_sealed_comes_back():
    assert unseal(seal(DOCUMENT)) == DOCUMENT


def test_numbers_that_are_not_finite_are_written_as_json_can():
    assert unseal(seal({"a": float("nan"), "b": float("inf")})) == {"a": None, "b": "inf"}


def test_every_changed_byte_is_noticed_or_changes_no_value():
    data = seal(DOCUMENT)
    noticed = 0
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1
        try:
            assert unseal(bytes(changed)) == DOCUMENT
        except NotSealed:
            noticed += 1
    assert noticed > 0.5 * len(data)


def test_another_value_under_the_old_checksum_is_refused():
    document = json.loads(seal(DOCUMENT))
    document["numbers"][0] = 2
    with pytest.raises(NotSealed, match="does not agree with its checksum"):
        unseal(json.dumps(document))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "is not JSON"),
        ("[1]", "has no checksum"),
        ('{"a": 1}', "has no checksum"),
        ('{"a": NaN}', "NaN, which is not a finite number"),
        ('{"a": 1e999}', "1e999, which is not a finite number"),
        ('{"a": 1, "a": 1}', "has the key 'a' twice"),
        ("[" * 100000, "nested too deeply"),
        ("9" * 5000, "is not JSON"),
    ],
)
def test_what_is_no_strict_json_is_refused(text, expected):
    with pytest.raises(NotSealed, match=expected):
        unseal(text) if "checksum" in expected else parse_json(text)
