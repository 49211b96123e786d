"""Names of compute devices, without torch: auto, cpu, cuda, cuda:1, mps."""

from __future__ import annotations

from medtrans.core.errors import UsageError

KINDS = ("cpu", "cuda", "mps")


def refuse_unknown_device(name: str) -> None:
    """Raise UsageError where a name stands for no device, be it here or elsewhere."""
    kind, colon, number = name.partition(":")
    if name != "auto" and (kind not in KINDS or (colon and (kind != "cuda" or not number.isdigit()))):
        raise UsageError(f"device {name}", "is not a device", "give auto, cpu, cuda, cuda:1 or mps")
