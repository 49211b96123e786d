from medtrans.cli import COMMANDS
from medtrans.cli.interruption import ADVICE, advice_after_interruption


def test_every_verb_has_its_advice():
    assert set(ADVICE) == set(COMMANDS)


def test_the_advice_for_a_translation_depends_on_its_options():
    words = ["translate", "-i", "in", "-o", "out", "-m", "model"]
    assert advice_after_interruption(words).endswith("the same command with --resume continues")
    assert advice_after_interruption([*words, "--resume"]) == "the same command continues from here"
    assert "--resume instead of --overwrite" in advice_after_interruption([*words, "--overwrite"])
