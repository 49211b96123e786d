import numpy as np
import pytest

from medtrans.core.errors import GridMismatch, UsageError
from medtrans.core.method import Pairing
from medtrans.preparing.pairing import PAIRINGS, Alone, Balance, Paired, Unpaired
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from tests.preparing.phantom_volumes import ct, mr

PREPARATION = Preparation(PreparingSettings())
SOURCES = [PREPARATION.prepare_source(mr(seed=seed)) for seed in range(2)]
TARGETS = [PREPARATION.prepare_target(ct()) for _ in range(2)]


def test_every_pairing_that_a_method_may_declare_is_there():
    assert set(PAIRINGS) == set(Pairing.__args__)


def test_pairs_on_different_grids_are_refused():
    with pytest.raises(GridMismatch, match="register"):
        Paired([PREPARATION.prepare_source(mr())], [PREPARATION.prepare_target(mr((9, 9, 9)))])


@pytest.mark.parametrize("pairing", PAIRINGS)
def test_no_cases_are_refused(pairing):
    with pytest.raises(UsageError, match="training cases: there are no sources"):
        PAIRINGS[pairing]([], [])
    with pytest.raises(UsageError, match="training cases: there are no targets"):
        PAIRINGS[pairing](SOURCES, [])


def test_a_paired_source_has_its_own_target_and_an_unpaired_one_any():
    rng = np.random.default_rng(0)
    assert [Paired(SOURCES, TARGETS).draw_target(rng, 1) for _ in range(5)] == [1] * 5
    assert {Unpaired(SOURCES, TARGETS).draw_target(rng, 1) for _ in range(20)} == {0, 1}
    assert Paired.aligned
    assert not Unpaired.aligned


def test_images_alone_are_their_own_targets():
    images = Alone(SOURCES, SOURCES)
    assert images.targets[images.draw_target(np.random.default_rng(0), 1)] is SOURCES[1]


def drawn(data, count=400):
    rng = np.random.default_rng(0)
    sources = [data.draw_source(rng, 0, number)[0] for number in range(count)]
    return [(source, data.draw_target(rng, source)) for source in sources]


def test_balanced_classes_are_drawn_equally_often_and_a_target_is_of_the_class_of_its_source():
    ill, healthy = 1.0, 0.0
    balance = Balance((ill, healthy, healthy, healthy), (healthy, ill, ill, ill, ill))
    pairs = drawn(Unpaired(SOURCES * 2, [*TARGETS * 2, TARGETS[0]], balance=balance))
    assert all(balance.sources[source] == balance.targets[target] for source, target in pairs)
    assert 0.4 < np.mean([balance.sources[source] == ill for source, _ in pairs]) < 0.6
    assert {target for _, target in pairs} == set(range(5)), "each target of a class is drawn"


def test_of_a_class_of_one_side_alone_nothing_is_drawn():
    pairs = drawn(Unpaired(SOURCES, TARGETS, balance=Balance((1.0, 0.0), (0.0, 0.0))))
    assert {source for source, _ in pairs} == {1}
    assert {target for _, target in pairs} == {0, 1}


def test_sides_without_a_class_in_common_are_refused():
    with pytest.raises(UsageError, match=r"training.balance: sources are of the classes 1, targets of 0, 2"):
        Balance((1.0,), (0.0, 2.0))


def test_pairs_stay_pairs_when_they_are_balanced():
    balance = Balance((1.0, 0.0), (1.0, 0.0))
    assert all(source == target for source, target in drawn(Paired(SOURCES, TARGETS, balance=balance), 20))
