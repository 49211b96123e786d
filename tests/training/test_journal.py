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
