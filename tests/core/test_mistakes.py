import pickle

import pytest

from medtrans.core.errors import UsageError
from medtrans.core.mistakes import Mistakes, SeveralMistakes


def mistakes(*places):
    return [UsageError(place, "is wrong", "correct it") for place in places]


def test_one_mistake_is_raised_as_itself_and_several_as_one():
    (only,) = mistakes("a")
    assert Mistakes(only).together() is only
    one, other = mistakes("a", "b")
    both = Mistakes(one, other, *mistakes("a")).together()
    assert isinstance(both, SeveralMistakes)
    assert both.mistakes == (one, other)
    assert str(both) == "a: is wrong; correct it | b: is wrong; correct it"
    assert (both.where, both.exit_code) == ("a", UsageError.exit_code)


def test_several_mistakes_go_to_another_process():
    both = Mistakes(*mistakes("a", "b")).together()
    assert str(pickle.loads(pickle.dumps(both))) == str(both)  # noqa: S301


def test_nothing_is_raised_without_a_mistake():
    found = Mistakes()
    with found.collected():
        pass
    found.refuse()
    with found.collected():
        raise UsageError("a", "is wrong")
    with pytest.raises(UsageError, match="is wrong"):
        found.refuse()
