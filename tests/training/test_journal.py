import pytest

from medtrans.core.errors import InputRefused
from medtrans.training.journal import Journal, read_journal


def test_a_resumed_journal_has_no_rows_after_the_checkpoint(tmp_path):
    journal = Journal(tmp_path / "journal.csv")
    for step in (1, 2, 3):
        journal.add(step, loss=step / 3)
    journal.add(3, **{"validation/mae": 7.0})
    journal.write()
    resumed = Journal(tmp_path / "journal.csv", up_to=2)
    assert [row["step"] for row in resumed.rows] == [1, 2]
    assert resumed.taken_up == 2
    assert read_journal(tmp_path / "journal.csv") == journal.rows


def test_the_hash_of_a_journal_survives_the_file_and_tells_lost_rows(tmp_path):
    journal = Journal(tmp_path / "journal.csv")
    for step in (1, 2, 3):
        journal.add(step, loss=step / 3, learning_rate=2e-4)
    journal.add(3, **{"validation/mae": float("nan")})
    journal.write()
    assert Journal(tmp_path / "journal.csv", up_to=3).sha256 == journal.sha256
    lines = (tmp_path / "journal.csv").read_text().splitlines()
    (tmp_path / "journal.csv").write_text("\n".join([lines[0], *lines[2:]]))
    assert Journal(tmp_path / "journal.csv", up_to=3).sha256 != journal.sha256


@pytest.mark.parametrize("text", ["", "step,loss\n1,0.5\n2,\x00?\n", "step,loss\n1,0.5,7\n", "loss\n3\n", "step\nx\n"])
def test_a_journal_that_is_no_table_of_numbers_is_refused_or_empty(tmp_path, text):
    (tmp_path / "journal.csv").write_text(text)
    if not text:
        assert read_journal(tmp_path / "journal.csv") == []
        return
    with pytest.raises(InputRefused, match=r"is damaged .*; copy it back .* or remove checkpoints/"):
        read_journal(tmp_path / "journal.csv")
