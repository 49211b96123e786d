"""Files that medtrans saves: what they hold, without clocks and dates, by the readers that read them in earnest."""

import json

import numpy as np
import torch

from medtrans.reading.storage import sha256
from medtrans.reading.temporary_files import STRAY
from medtrans.reading.volumes import read_volume
from medtrans.runs import RunFolder
from medtrans.training.checkpoint import load_checkpoint
from medtrans.training.journal import read_journal

CLOCKS = ("seconds", "time", "created", "journal", "checksum")
"""Keys of what differs between two equal runs, and of checksums over them."""
LOGS = (".lock", "ledger.jsonl")
PAGE = b"<html>" + b"page " * 2000 + b"</html>"
"""Stands for every page: to draw one takes longer than all that is tested here."""


def holds(path):
    """What a file holds, as a value that can be compared. Raises where it is not whole."""
    if path.name.endswith(".nii.gz"):
        read_volume(path)
    if path.suffix == ".ckpt":
        return plain(load_checkpoint(path))
    if path.suffix == ".json":
        return plain(json.loads(path.read_text()))
    if path.name == RunFolder(path.parent).journal.name:
        return plain(read_journal(path))
    if path.suffix == ".html":
        assert path.read_bytes() in (PAGE, PAGE[::-1])
    if path.suffix == ".npy":
        np.load(path)
    return sha256(path)


def files(folder):
    """Relative path → file, of all but logs."""
    return {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in LOGS and not strays_of(path)
    }


def contents(folder):
    """Relative path → what the file holds."""
    return {name: holds(path) for name, path in files(folder).items()}


def strays(folder):
    """Temporary files and folders."""
    return [path for path in folder.rglob("*") if STRAY.fullmatch(path.name)]


def strays_of(path):
    """Whether a path is a temporary file, or lies in a temporary folder."""
    return any(STRAY.fullmatch(part) for part in path.parts)


def plain(value):
    """Without clocks; tensors as bytes."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if key not in CLOCKS}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value.numpy().tobytes() if torch.is_tensor(value) else value
