import re

from medtrans.cli.progress import ProgressBars


def test_plain_lines_where_standard_error_is_no_terminal(capsys):
    with ProgressBars() as progress:
        progress("training", "step 1/4", 0.25, 70.0)
        progress("training", "step 2/4", 0.5, 10.0)
        progress("training", "step 4/4", 1.0, 0.0)
        progress("evaluating")
    lines = capsys.readouterr().err.splitlines()
    assert [re.sub(r"\b\d\d:\d\d(:\d\d)?( |$)", "", line) for line in lines] == [
        "training:  25% step 1/4  1:10 left, until ",
        "training: 100% step 4/4",
        "evaluating: ",
    ]
