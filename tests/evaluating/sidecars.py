"""A sidecar as a translation writes it."""

from medtrans.core.sealed_json import seal


def write_sidecar(path, **facts):
    path.write_bytes(seal({"SYNTHETIC": True, "window_borders": None, **facts}))
