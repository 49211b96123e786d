import numpy as np
import pytest

from medtrans.phantoms import Lesion, make_head
from medtrans.phantoms.follow_up import LARGEST_MM, SMALLEST_MM, change_mask, draw_course
from medtrans.phantoms.tissues import NUMBER

SMALL = {"shape": (40, 48, 40), "spacing": 4.8}


def heads(visits, seed=3):
    return [make_head(seed, lesions=visit.lesions, atrophy=visit.atrophy, **SMALL) for visit in visits]


def ml(head, tissue):
    return (head.fine == NUMBER[tissue]).sum() * 1.2**3 / 1000


@pytest.fixture(scope="module")
def courses():
    return {seed: draw_course(seed, 3) for seed in range(4)}


def test_a_seed_is_one_course_and_visits_go_forward_in_time(courses):
    assert draw_course(2, 3) == courses[2]
    assert draw_course(2, 2) != draw_course(3, 2)
    for visits in courses.values():
        days = [visit.day for visit in visits]
        assert days == sorted(days)
        assert len(set(days)) == 3
        assert visits[0].atrophy == 0 < visits[1].atrophy < visits[2].atrophy


def test_lesions_grow_shrink_and_appear_where_they_are(courses):
    changes = []
    for visits in courses.values():
        first, last = ({one.centre: one.diameter for one in visit.lesions} for visit in (visits[0], visits[-1]))
        changes += [last.get(place, 0) - first.get(place, 0) for place in first.keys() | last.keys()]
        assert all(SMALLEST_MM <= size <= LARGEST_MM for size in (*first.values(), *last.values()))
    assert min(changes) < -1
    assert max(changes) > 3


def test_given_lesions_are_those_of_the_first_visit():
    given = Lesion(9.0, (30.0, -20.0, 25.0))
    assert draw_course(0, 2, [given])[0].lesions == (given,)


def test_atrophy_widens_ventricles_and_nothing_else_moves_the_head():
    narrow, wide = make_head(3, **SMALL), make_head(3, atrophy=0.5, **SMALL)
    assert ml(wide, "CSF") > 1.1 * ml(narrow, "CSF")
    assert np.array_equal(narrow.body, wide.body)
    assert np.array_equal(make_head(3, atrophy=0.0, **SMALL).fine, narrow.fine)


def test_the_change_mask_is_where_a_quarter_of_a_voxel_has_another_tissue():
    before = make_head(3, **SMALL)
    after = make_head(3, lesions=[Lesion(24.0, (28.0, -20.0, 25.0))], **SMALL)
    changed = change_mask(before, after).voxels[0]
    assert changed.sum() > 50
    assert np.array_equal(changed, after.fraction("lesion") >= 0.25)
    assert not change_mask(before, before).voxels.any()
