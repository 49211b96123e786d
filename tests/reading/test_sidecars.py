import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.core.sealed_json import seal
from medtrans.reading.sidecars import read_sidecar

FACTS = {"SYNTHETIC": True, "window_borders": [[4, 8], [], [5]], "output": {"target_percentiles": [411.5]}}


def test_a_sidecar_comes_back_and_that_of_another_program_is_none(tmp_path):
    path = tmp_path / "a.json"
    assert read_sidecar(path) == {}
    path.write_text('{"EchoTime": 0.03, "window_borders": [[1], [2], [3]]}')
    assert read_sidecar(path) == {}
    path.write_bytes(seal(FACTS))
    assert read_sidecar(path) == FACTS


def test_every_flipped_bit_of_a_sidecar_is_refused_or_changes_nothing(tmp_path):
    path, raw = tmp_path / "a.json", seal(FACTS)
    messages = []
    for bit in np.random.default_rng(0).permutation(8 * len(raw))[:600].tolist():
        data = bytearray(raw)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(data))
        try:
            assert read_sidecar(path) == FACTS
        except InputRefused as reason:
            messages.append(str(reason))
    assert len(messages) > 400
    assert all(message.startswith(f"{path}: ") and "\n" not in message for message in messages)


@pytest.mark.parametrize("size", [1, 60, -3])
def test_a_sidecar_cut_short_is_refused(size, tmp_path):
    (tmp_path / "a.json").write_bytes(b'{"checksum": "", "SYNTHETIC"'[:size] if size == 1 else seal(FACTS)[:size])
    if size == 1:
        assert read_sidecar(tmp_path / "a.json") == {}
    else:
        with pytest.raises(InputRefused, match="is not JSON"):
            read_sidecar(tmp_path / "a.json")
