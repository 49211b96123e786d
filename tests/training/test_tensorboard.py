import importlib.util

import pytest

from medtrans.core.errors import EnvironmentRefused
from medtrans.training.tensorboard import refuse_without_tensorboard, write_events

ROWS = [
    {"step": 5, "seconds": 1.5, "generator/l1": 0.25},
    {"step": 10, "seconds": 3.0, "generator/l1": 0.125, "validation/mae": 70.5},
]


def test_tensorboard_reads_the_journal_and_a_longer_one_after_it(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    observed = EventAccumulator(str(tmp_path))
    for count in (1, 2):
        write_events(tmp_path, ROWS[:count])
        observed.Reload()
        assert [(event.step, event.value) for event in observed.Scalars("generator/l1")] == [(5, 0.25), (10, 0.125)][
            :count
        ]
    assert observed.Tags()["scalars"] == ["generator/l1", "validation/mae"]
    assert [event.wall_time % 1 for event in observed.Scalars("generator/l1")] == [0.5, 0.0]
    assert len(list(tmp_path.iterdir())) == 1


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentRefused, match=r"pip install 'medtrans\[tensorboard\]'"):
        refuse_without_tensorboard()
