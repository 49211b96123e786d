"""The ledger of a batch of 100,000 volumes, without the volumes: python docs/benchmarks/ledger.py [FOLDER] [--cases N]

Each case takes its lock twice and appends two lines, "begun" and "done", as a translation does; in one ledger, and by
eight commands with one each. Then a further command reads them. Seconds, bytes, and calls of the file system, counted
in a thousand cases at the begin and at the end. FOLDER is on the file system to be measured; default: a temporary one.
"""

import argparse
import os
import resource
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from medtrans.batching.ledger import Ledger, Line
from medtrans.core.tables import text_table
from medtrans.core.timestamps import now
from medtrans.models.zoo import model_folders
from medtrans.translating.ensemble import load_translator

CALLS = ("open", "close", "write", "fsync", "fstat", "lseek", "read", "stat", "lstat")
SAMPLE = 1000
PARTS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--cases", type=int, default=100_000)
    options = parser.parse_args()
    translator = load_translator(model_folders(["head-mr-to-ct"]), "cpu")
    rows = []
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        for parts in (1, PARTS):
            rows.append(measured(Path(place) / str(parts), options.cases, parts, translator.resolved_settings))
    print(f"{options.cases} cases\n{text_table(rows)}")


def measured(folder: Path, cases: int, parts: int, settings: dict[str, object]) -> dict[str, str]:
    """Write the lines of all cases, by the parts in turn, and read them."""
    written = [Ledger(folder, (number, parts)) for number in range(parts)]
    first, last = Counter[str](), Counter[str]()
    began = time.monotonic()
    for number in range(cases):
        counts = first if number < SAMPLE else last if number >= cases - SAMPLE else None
        with counted(counts):
            log(written[number % parts], f"sub-{number:06d}", settings)
    wrote = time.monotonic() - began
    size = sum(path.stat().st_size for path in folder.iterdir())
    del written
    began = time.monotonic()
    lines = Ledger(folder).lines
    read = time.monotonic() - began
    assert len(lines) == cases
    assert {line.verdict for line in lines.values()} == {"done"}
    return {
        "ledgers": str(parts),
        "MB": f"{size / 1e6:.0f}",
        "bytes a line": f"{size / (2 * cases):.0f}",
        "ms a case": f"{1000 * wrote / cases:.2f}",
        "seconds to write": f"{wrote:.0f}",
        "calls a case, first": f"{first.total() / SAMPLE:.0f}",
        "last": f"{last.total() / SAMPLE:.0f}",
        "seconds to read": f"{read:.1f}",
        "GiB at most": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f}",
    }


def log(ledger: Ledger, case: str, settings: dict[str, object]) -> None:
    """What a translation does with the ledger."""
    hashes = {"input_sha256": "0" * 64, "model_sha256": "1" * 64, "output_sha256": f"{case:0>64}"}
    output = f"{case}.nii.gz"
    with ledger.locked():
        assert ledger[output] is None
    with ledger.locked():
        for verdict in ("begun", "done"):
            beside = {f"{case}_std.nii.gz": "2" * 64}
            ledger.add(
                Line(case=case, output=output, settings=settings, beside=beside, verdict=verdict, time=now(), **hashes)
            )


@contextmanager
def counted(counts: Counter[str] | None):
    """Count the calls of `os` inside."""
    if counts is None:
        yield
        return
    own = {name: getattr(os, name) for name in CALLS}

    def counting(name):
        def call(*words, **options):
            counts[name] += 1
            return own[name](*words, **options)

        return call

    for name in CALLS:
        setattr(os, name, counting(name))
    try:
        yield
    finally:
        for name, function in own.items():
            setattr(os, name, function)


if __name__ == "__main__":
    main()
