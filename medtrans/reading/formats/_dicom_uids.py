"""Unique identifiers that follow from what they name: the same content has the same one, on every computer.

    2.25.N        N the number of a name-based UUID (RFC 9562, version 5)

DICOM PS3.5, B.2: https://dicom.nema.org/medical/dicom/current/output/html/part05.html#sect_B.2
"""

from __future__ import annotations

import uuid

ROOT = "2.25."


def derived_uid(*names: str) -> str:
    """The identifier of a chain of names."""
    return ROOT + str(uuid.uuid5(uuid.NAMESPACE_OID, "\n".join(names)).int)
