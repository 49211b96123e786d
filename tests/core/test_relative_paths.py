from dataclasses import dataclass
from pathlib import Path

import pytest

from medtrans.core.errors import UsageError
from medtrans.core.relative_paths import absolute, rebase, without_folders
from medtrans.core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Inner(Settings):
    model: Path | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Outer(Settings):
    root: Path = Path()
    files: tuple[Path, ...] = ()
    inner: Inner = Inner()


def test_every_path_is_put_after_the_folder_and_nothing_else():
    values = {"root": "a", "files": ["b", "/c"], "inner": {"model": "d", "text": "e"}}
    assert rebase(Outer, values, Path("/where"), "recipe") == {
        "root": "/where/a",
        "files": ["/where/b", "/c"],
        "inner": {"model": "/where/d", "text": "e"},
    }


def test_what_is_left_out_or_empty_stays_so():
    assert rebase(Outer, {"inner": {"model": None}}, Path("/where"), "recipe") == {"inner": {"model": None}}
    with pytest.raises(UsageError, match="did you mean 'root'"):
        rebase(Outer, {"roots": "a"}, Path("/where"), "recipe")


def test_settings_get_absolute_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = absolute(Outer(root=Path("a"), files=(Path("b"),), inner=Inner(model=Path("c"), text="d")))
    assert (settings.root, settings.files) == (tmp_path / "a", (tmp_path / "b",))
    assert settings.inner == Inner(model=tmp_path / "c", text="d")


def test_of_paths_that_are_given_away_the_last_part_is_left():
    settings = Outer(root=Path("/a/b"), files=(Path("/c/d"), Path("e")), inner=Inner(model=Path("f/g"), text="/h/i"))
    left = Outer(root=Path("b"), files=(Path("d"), Path("e")), inner=Inner(model=Path("g"), text="/h/i"))
    assert without_folders(settings) == left
