from medtrans.training.journal import Journal, read_journal, verdict


def test_a_journal_taken_up_forgets_what_came_after_the_checkpoint(tmp_path):
    journal = Journal(tmp_path / "journal.csv")
    for step in (1, 2, 3):
        journal.add(step, loss=step / 3)
    journal.add(3, **{"validation/mae": 7.0})
    journal.write()
    resumed = Journal(tmp_path / "journal.csv", up_to=2)
    assert [row["step"] for row in resumed.rows] == [1, 2]
    assert resumed.taken_up == 2
    assert read_journal(tmp_path / "journal.csv") == journal.rows


def rows(*values):
    return [{"step": 10 * (i + 1), "validation/mae": value} for i, value in enumerate(values)]


def test_the_verdict_says_whether_it_converged():
    say = lambda *values: verdict(rows(*values), "validation/mae", "lower")  # noqa: E731
    assert say(9, 5, 3, 3, 3, 3, 3, 2.99).startswith("Converged")
    assert say(9, 8, 7, 6, 5, 4, 3, 2).startswith("Did not converge")
    assert say(3, 2, 2, 2, 2, 2, 4, 4).startswith("Past its best")
    assert "not assessable: validation/mae was measured once" in say(3)
    assert "validation/mae was never measured" in say()
    assert verdict(rows(1, 2, 3, 4, 5), "validation/mae", "higher").startswith("Did not converge")
