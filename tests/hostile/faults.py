"""Injected faults: at the n-th change of a folder the process is killed, the disk is full, or one operation fails.

Every operation that changes a file below `root` is counted: opening for writing, each write, fsync, rename, removal,
making and removing of folders, permissions. So all faults of a command can be enumerated. A folder that is there and is
made, or a file that is not there and is removed, is no change.
"""

import contextlib
import errno
import io
import os
from pathlib import Path
from typing import Literal
from unittest import mock

Kind = Literal["kill", "full", "once"]
KINDS: tuple[Kind, ...] = ("kill", "full", "once")
NEEDS_SPACE = ("open", "write", "mkdir")


class Killed(BaseException):
    """The process is dead: nothing that it would do afterwards reaches the disk."""


class Disk:
    """Counts changes below `root`; from the one with the number `at` on, it fails as `kind` says."""

    def __init__(self, root: Path, kind: Kind | None = None, at: int = -1) -> None:
        self.root, self.kind, self.at = str(root), kind, at
        self.count, self.log, self.files, self.opened = 0, [], set(), {}

    def change(self, operation: str, path: object) -> None:
        """Raises where the fault is due; before the operation."""
        number, self.count = self.count, self.count + 1
        self.log.append(f"{operation} {Path(str(path)).name}")
        if self.kind == "kill" and number >= self.at:
            raise Killed(self.log[-1])
        is_full = self.kind == "full" and number >= self.at and operation in NEEDS_SPACE
        if is_full or (self.kind == "once" and number == self.at):
            raise OSError(errno.ENOSPC if is_full else errno.EIO, "injected", str(path))

    def watches(self, path: object) -> bool:
        return isinstance(path, (str, Path)) and str(path).startswith(self.root)

    def has_fault_now(self) -> bool:
        return self.kind is not None and self.count == self.at


class Written:
    """A file whose writes are counted; a write that fails has written half."""

    def __init__(self, file, disk, path) -> None:
        self._file, self._disk, self._path = file, disk, path

    def write(self, data):
        half = self._disk.has_fault_now()
        try:
            self._disk.change("write", self._path)
        except (Killed, OSError):
            if half:
                self._file.write(data[: len(data) // 2])
                self._file.flush()
            raise
        return self._file.write(data)

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()


@contextlib.contextmanager
def faults(disk: Disk):
    """All changes of files go through `disk`."""
    real = {name: getattr(os, name) for name in ("open", "write", "fsync", "replace", "rename", "unlink", "remove")}
    real |= {
        name: getattr(os, name)
        for name in ("mkdir", "rmdir", "chmod", "truncate", "link", "symlink", "close", "fdopen")
    }
    real_open = io.open

    def named(name):
        def call(path, *rest, **options):
            place = Path("/proc/self/fd") / str(options["dir_fd"]) if options.get("dir_fd") is not None else None
            full = place.resolve() / str(path) if place else path
            if disk.watches(full) and os.path.lexists(full) != (name == "mkdir"):
                disk.change(name, full)
            return real[name](path, *rest, **options)

        return call

    def open_number(path, flags, *rest, **options):
        if disk.watches(path) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            disk.change("open", path)
            number = real["open"](path, flags, *rest, **options)
            disk.files.add(number)
        else:
            number = real["open"](path, flags, *rest, **options)
            disk.files.discard(number)
        if disk.watches(path):
            disk.opened[number] = os.fstat(number)
        return number

    def write(number, data):
        if number not in disk.files:
            return real["write"](number, data)
        half = disk.has_fault_now()
        try:
            disk.change("write", f"file {number}")
        except (Killed, OSError):
            if half:
                real["write"](number, bytes(data)[: len(data) // 2])
            raise
        return real["write"](number, data)

    def fsync(number):
        disk.change("fsync", f"file {number}")
        return real["fsync"](number)

    def close(number):
        disk.files.discard(number)
        disk.opened.pop(number, None)
        return real["close"](number)

    def open_again(number, *rest, **options):
        file = real["fdopen"](number, *rest, **options)
        return Written(file, disk, f"file {number}") if number in disk.files else file

    def open_file(path, mode="r", *rest, **options):
        if not disk.watches(path) or not set(mode) & set("wax+"):
            return real_open(path, mode, *rest, **options)
        disk.change("open", path)
        return Written(real_open(path, mode, *rest, **options), disk, path)

    by_number = {"open": open_number, "write": write, "fsync": fsync, "close": close, "fdopen": open_again}
    changed = {name: named(name) for name in real if name not in by_number} | by_number
    with contextlib.ExitStack() as stack:
        for name, function in changed.items():
            stack.enter_context(mock.patch.object(os, name, function))
        stack.enter_context(mock.patch.object(io, "open", open_file))
        yield disk


def close_all(disk: Disk) -> None:
    """The system closes the files of a dead process, which releases their locks."""
    for number, facts in disk.opened.items():
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(number), facts):
                os.close(number)


def every_fault(root: Path, command, prepare):
    """Yield (fault, what `command` returned or raised) after each fault, each in the state that `prepare` makes."""
    prepare()
    with faults(Disk(root)) as disk:
        command()
    assert disk.count
    for at in range(disk.count):
        for kind in KINDS:
            if kind == "full" and disk.log[at].split()[0] not in NEEDS_SPACE:
                continue  # The next change that needs space fails, and is tried in its turn.
            prepare()
            broken = Disk(root, kind, at)
            try:
                with faults(broken):
                    outcome = command()
            except (Killed, Exception) as reason:
                outcome = reason
            close_all(broken)
            yield f"{kind} at {at}: {disk.log[at]}", outcome
