from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
from annotated_types import Ge

from medtrans.core.errors import UsageError
from medtrans.core.settings import MemberOf, Settings
from medtrans.core.suggestions import did_you_mean
from medtrans.networks import NetworkSettings
from medtrans.networks.resnet import ResNetSettings
from medtrans.networks.unet import UNetSettings
from medtrans.recipe._checked import checked

Network = Annotated[NetworkSettings, MemberOf("medtrans.networks", names=("unet", "resnet"))]


@dataclass(frozen=True, kw_only=True)
class Round(Settings):
    name: Literal["round"] = "round"
    radius: Annotated[float, Ge(0)] = 1.0


@dataclass(frozen=True, kw_only=True)
class Square(Settings):
    name: Literal["square"] = "square"
    sides: tuple[int, ...] = (2, 2)


@dataclass(frozen=True, kw_only=True)
class Drawing(Settings):
    shape: Round | Square = Square()
    folder: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Networks(Settings):
    first: Network = UNetSettings()
    others: tuple[Network, ...] = ()
    last: Network | None = None


FROM_DICT = pytest.mark.parametrize("build", [Networks.from_dict, lambda values: checked(Networks, values, "settings")])


def test_to_dict_and_from_dict_are_inverse():
    drawing = Drawing(shape=Round(radius=2.5), folder=Path("a/b"))
    assert Drawing.from_dict(drawing.to_dict()) == drawing
    assert Drawing.from_dict(Drawing().to_dict()) == Drawing()


def test_a_table_without_a_name_is_of_the_defaults_kind():
    assert Drawing.from_dict({"shape": {"sides": [3]}}).shape == Square(sides=(3,))


def test_an_unknown_key_suggests_the_right_one():
    with pytest.raises(UsageError, match=r"settings\.shape.*'radios'.*did you mean 'radius'"):
        Drawing.from_dict({"shape": {"name": "round", "radios": 3}})


def test_an_unknown_name_suggests_the_right_one():
    with pytest.raises(UsageError, match="did you mean 'square'"):
        Drawing.from_dict({"shape": {"name": "sqare"}})


def test_a_word_like_no_other_lists_them_all():
    assert did_you_mean("zzz", ["b", "a"]) == "choose from: a, b"


@FROM_DICT
def test_members_of_a_package_are_found_by_their_file(build):
    networks = build(
        {"first": {"channels": [4, 8]}, "others": [{"name": "resnet", "blocks": 2}], "last": {"name": "unet"}}
    )
    assert networks == Networks(
        first=UNetSettings(channels=(4, 8)), others=(ResNetSettings(blocks=2),), last=UNetSettings()
    )
    assert build(networks.to_dict()) == networks


@FROM_DICT
@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ({"first": {"name": "resnt"}}, r"settings\.first\.name: nothing is named 'resnt'.*did you mean 'resnet'"),
        ({"first": {"name": "time_unet"}}, r"nothing is named 'time_unet'"),
        ({"others": [{"name": "unet"}, {"name": "zzz"}]}, r"settings\.others\[1\]\.name.*choose from: resnet, unet"),
        ({"others": [{"blocks": 2}]}, r"settings\.others\[0\]: has no name.*choose from: unet, resnet"),
        ({"last": {"name": "resnet", "block": 2}}, r"settings\.last.*'block'.*did you mean 'blocks'"),
    ],
)
def test_an_unknown_member_is_refused_with_a_suggestion(build, values, answer):
    with pytest.raises(UsageError, match=answer):
        build(values)


def test_bounds_of_members_are_checked_where_a_recipe_comes_in():
    with pytest.raises(UsageError, match=r"settings\.others\[0\]\.blocks.*greater than or equal to 1"):
        checked(Networks, {"others": [{"name": "resnet", "blocks": 0}]}, "settings")
