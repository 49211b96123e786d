import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.degradations._tissue_labels import MEANING
from medtrans.phantoms import paint
from medtrans.phantoms.label_maps import from_label_map
from medtrans.phantoms.skulls import Skull
from medtrans.phantoms.tissues import NUMBER


@pytest.fixture
def labels():
    """Balls of white matter, fluid, bone, fat-and-muscle and skin; a closed cavity; crumbs in air and tissue."""
    i, j, k = np.meshgrid(*[np.arange(56) - 27.5] * 3, indexing="ij")
    radius = np.sqrt(i**2 + j**2 + k**2)
    out = np.select([radius < 8, radius < 10, radius < 14, radius < 20, radius < 22], [2, 24, 515, 507, 511], 0)
    out[(np.abs(i - 17) < 2) & (np.abs(j) < 3) & (np.abs(k) < 3)] = 0
    out[28, 28, 28] = 0
    out[1, 1, 1] = 24
    return Volume(out[None].astype(np.int16), np.diag([-1.0, 1.0, 1.0, 1.0]))


def made(labels, **options):
    return from_label_map(labels, np.random.default_rng(0), **options)


def test_a_label_map_is_painted_with_the_same_contrasts(labels):
    head = made(labels)
    ct, t1, t2 = (paint(head, name, np.random.default_rng(0), noise=0, bias=0).voxels[0] for name in ("CT", "T1", "T2"))
    bone, white = (head.fraction(name) > 0.95 for name in ("cortical bone", "white matter"))
    assert np.median(ct[bone]) > 1000
    assert 15 < np.median(ct[white]) < 45
    assert t1[bone].mean() < 0.2 * t1[white].mean()
    assert t2[head.fraction("CSF") > 0.6].mean() > t2[white].mean()


def test_borders_are_soft(labels):
    ct = paint(made(labels), "CT", np.random.default_rng(0), noise=0).voxels[0]
    assert ((ct > 200) & (ct < 800)).sum() > 100, "between fluid and bone"


def test_the_grid_is_the_maps_own_less_the_empty_margin(labels):
    head = made(labels)
    assert head.grid.shape == (56, 56, 56)
    far = Volume(np.pad(labels.voxels, ((0, 0), (30, 0), (0, 9), (5, 5))), labels.affine)
    cut = made(far)
    assert cut.grid.shape == (56, 56, 56)
    assert np.allclose(cut.grid.affine @ [28, 28, 28, 1], far.affine @ [58, 28, 33, 1])
    assert np.array_equal(cut.fine, head.fine)


def test_a_closed_cavity_is_inside_and_crumbs_are_replaced_by_their_neighbours(labels):
    head = made(labels)
    assert 50 < (head.fine == NUMBER["air inside"]).sum() < 150
    assert (head.fine == NUMBER["white matter"]).sum() == (labels.voxels == 2).sum() + 1, "the gap in the middle"
    assert head.fine[:3].max() == NUMBER["air outside"], "the crumb in the corner"


def test_fat_lies_under_the_skin_and_muscle_below_it(labels):
    head = made(labels)
    assert (head.fine == NUMBER["fat"]).any()
    assert np.isin(head.fine, [NUMBER["fat"], NUMBER["muscle"]]).sum() == (labels.voxels == 507).sum()


def test_another_skull_can_be_asked_for(labels):
    plain, thick = made(labels), made(labels, skull=Skull(outward=(3, 0), table=(1, 0)))
    bone = [np.isin(head.fine, [NUMBER["cortical bone"], NUMBER["marrow"]]).sum() for head in (plain, thick)]
    assert bone[1] > 1.5 * bone[0]
    assert (thick.fine == NUMBER["marrow"]).any()


def test_no_number_means_two_tissues():
    numbers = [number for of in MEANING.values() for number in of]
    assert len(numbers) == len(set(numbers))
    assert set(MEANING) <= set(NUMBER)


def test_what_cannot_be_painted_is_refused_by_name(labels):
    with pytest.raises(InputRefused, match="is empty"):
        made(labels.like(np.zeros_like(labels.voxels)))
    labels.voxels[0, 28, 28, 27] = 999
    with pytest.raises(InputRefused, match="999"):
        made(labels)
