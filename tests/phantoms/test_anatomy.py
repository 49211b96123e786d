import numpy as np
import pytest
from scipy import ndimage

from medtrans.core.errors import UsageError
from medtrans.phantoms import Lesion, make_head
from medtrans.phantoms.tissues import NUMBER, TISSUES

SMALL = {"shape": (40, 48, 40), "spacing": 4.8}
FORAMEN = -50.0
"""Mm above which the cavity of the skull has no hole in the template."""


def is_(labels, *tissues):
    return np.isin(labels, [NUMBER[tissue] for tissue in tissues])


def above(head, millimetres):
    """The fine labels from that height upwards."""
    step = head.grid.spacing[2] / head.factor[2]
    first = head.grid.affine[2, 3] - (head.grid.spacing[2] - step) / 2
    return head.fine[:, :, round((millimetres - first) / step) :]


def test_the_same_seed_makes_the_same_head_and_another_seed_another():
    one, same, other = (make_head(seed, **SMALL).fine for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert (one != other).mean() > 0.1


def test_the_same_seed_makes_the_same_anatomy_at_another_spacing(head):
    """Labelled at 1.2 mm and at 1 mm over the same field of view."""
    overlaps = []
    for seed in (0, 1):
        other = make_head(seed, shape=(80, 90, 80), spacing=2.4).fine
        nearest = [((np.arange(side) + 0.5) / 1.2).astype(int) for side in head.fine.shape]
        grey, there = (is_(labels, "grey matter") for labels in (head.fine, other[np.ix_(*nearest)]))
        overlaps.append(2 * (grey & there).sum() / (grey.sum() + there.sum()))
    assert overlaps[0] > 0.85
    assert overlaps[1] < 0.7


@pytest.mark.parametrize("tissue", [tissue.name for tissue in TISSUES if tissue.name not in ("lesion", "metal")])
def test_every_tissue_is_there(head, tissue):
    millilitres = (head.fine == NUMBER[tissue]).sum() / 1000
    least = {"lens": 0.1, "cartilage": 1, "vitreous": 5, "deep grey matter": 10, "blood": 5, "dentine": 2, "enamel": 2}
    assert millilitres > least.get(tissue, 20)


def test_volumes_are_those_of_an_adult(head):
    """Litres: Allen et al., NeuroImage 2002 (brain 1.0 to 1.5); Yamada et al., FBCNS 2023 (CSF 0.2 to 0.5)."""
    litres = {tissue: (head.fine == number).sum() / 1e6 for tissue, number in NUMBER.items()}
    assert 0.9 < litres["grey matter"] + litres["white matter"] + litres["deep grey matter"] < 1.6
    assert 0.2 < litres["CSF"] < 0.5
    assert 1.0 < litres["grey matter"] / litres["white matter"] < 1.7


def test_no_way_leads_from_the_brain_to_the_outside_but_through_bone_above_the_foramen(head):
    labels = above(head, FORAMEN)
    pieces, _ = ndimage.label(~is_(labels, "cortical bone", "marrow"))
    cavity, outside = np.bincount(pieces[is_(labels, "grey matter")]).argmax(), pieces[0, 0, -1]
    assert cavity != outside
    escaped = is_(labels, "grey matter", "white matter") & (pieces == outside)
    assert escaped.sum() < 1e-3 * (pieces == cavity).sum(), "the optic nerves"


def test_the_skull_is_hollow_and_has_sinuses(head):
    vault = above(head, 20)
    bone, diploe = is_(vault, "cortical bone", "marrow"), is_(vault, "marrow")
    assert 0.2 < diploe.sum() / bone.sum() < 0.7
    bare = diploe & ~ndimage.binary_erosion(np.pad(bone, 1, mode="edge"))[1:-1, 1:-1, 1:-1]
    assert bare.sum() < 0.01 * diploe.sum()
    assert is_(above(head, -45), "air inside").sum() > 3000


def test_csf_wraps_the_brain(head):
    labels = above(head, -20)
    brain = is_(labels, "grey matter", "white matter", "deep grey matter")
    beside = labels[ndimage.binary_dilation(brain) & ~brain]
    assert is_(beside, "CSF", "blood").mean() > 0.97


def test_the_cortex_is_folded(head):
    """Its surface is far longer than that of the hull around it."""
    cut = is_(above(head, 20)[:, :, 0], "grey matter", "white matter")
    hull = ndimage.binary_closing(np.pad(cut, 12), iterations=12)[12:-12, 12:-12]
    edge, smooth = ((shape ^ ndimage.binary_erosion(shape)).sum() for shape in (cut, hull))
    assert edge > 2 * smooth


def test_the_body_mask_is_one_piece_and_holds_all_that_is_not_air(head):
    mask = head.mask.voxels[0] > 0
    assert ndimage.label(mask)[1] == 1
    assert (head.fraction("air outside")[~ndimage.binary_dilation(mask, iterations=2)] == 1).all()


def test_a_voxel_is_the_mean_of_its_fine_voxels(head):
    shares = np.stack([head.fraction(tissue) for tissue in NUMBER])
    assert np.allclose(shares.sum(0), 1, atol=1e-5)
    block = head.fine[60:63, 99:102, 150:153]
    expected = np.bincount(block.ravel(), minlength=len(NUMBER)) / 27
    assert shares[:, 20, 33, 50] == pytest.approx(expected, abs=1e-6)
    assert ((shares > 0.2) & (shares < 0.8)).any(axis=0).mean() > 0.05


@pytest.mark.parametrize("diameter", [12.0, 24.0])
def test_a_lesion_has_the_size_and_place_asked_for(diameter):
    centre = (20.0, 0.0, 10.0)
    head = make_head(1, shape=(48, 48, 48), spacing=2.0, lesions=[Lesion(diameter, centre)])
    mask = head.lesion_mask
    assert mask.voxels.sum() * 8 == pytest.approx(np.pi / 6 * diameter**3, rel=0.15)
    middle = mask.affine @ [*ndimage.center_of_mass(mask.voxels[0]), 1]
    assert middle[:3] == pytest.approx(centre, abs=1)
    share = head.fraction("lesion")
    assert share[mask.voxels[0] > 0].min() >= share[mask.voxels[0] == 0].max()
    assert head.lesions == (Lesion(diameter, centre),)


def test_a_lesion_without_a_place_is_put_into_the_brain():
    plain, ill = make_head(1, **SMALL), make_head(1, **SMALL, lesions=[Lesion(15.0)])
    assert ill.lesions[0].centre is not None
    there = ill.fine == NUMBER["lesion"]
    assert is_(plain.fine[there], "white matter", "grey matter", "deep grey matter", "CSF").all()
    assert np.array_equal(plain.fine[~there], ill.fine[~there])


def test_a_lesion_without_size_or_outside_is_refused():
    for lesion in (Lesion(0.0), Lesion(5.0, (900.0, 0.0, 0.0))):
        with pytest.raises(UsageError, match="lesion"):
            make_head(1, shape=(16, 16, 16), spacing=4.8, lesions=[lesion])


FIELD = 192
"""Mm of a field of view that voxels of all these sizes divide."""


def by_majority(fine, voxel):
    """Tissue of most of the fine voxels in each voxel, of so many fine voxels along each axis; the lower of equals."""
    (i, a), (j, b), (k, c) = ((side // number, number) for side, number in zip(fine.shape, voxel, strict=True))
    blocks = fine.reshape(i, a, j, b, k, c)
    shares = [(blocks == number).mean((1, 3, 5), dtype=np.float32) for number in NUMBER.values()]
    return np.argmax(shares, axis=0)


@pytest.fixture(scope="module")
def finest():
    return make_head(0, shape=(FIELD, FIELD, FIELD), spacing=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("spacing", [2, 3, 4, 6, (1, 1, 4), (3, 2, 6)])
def test_a_seed_is_one_head_at_every_spacing(finest, spacing):
    """Compared with the voxels of 1 mm, averaged to the same grid: so partial volume costs nothing."""
    voxel = spacing if isinstance(spacing, tuple) else (spacing,) * 3
    other = make_head(0, shape=tuple(FIELD // mm for mm in voxel), spacing=voxel)
    expected = by_majority(finest.fine, [2 * mm for mm in voxel])
    for tissue, least in (("white matter", 0.96), ("grey matter", 0.93), ("CSF", 0.88), ("cortical bone", 0.92)):
        one, same = other.tissues.voxels[0] == NUMBER[tissue], expected == NUMBER[tissue]
        assert 2 * (one & same).sum() / (one.sum() + same.sum()) > least, tissue


def test_the_same_points_have_the_same_tissues_on_another_grid():
    """Voxels of 4 and of 2 mm and of 2 mm in a smaller field, all labelled at 1 mm: the very same points."""
    coarse = make_head(0, shape=(44, 48, 44), spacing=4.0, lesions=[Lesion(14.0)])
    for shape, margin in (((88, 96, 88), 0), ((68, 76, 68), 20)):
        fine = make_head(0, shape=shape, spacing=2.0, lesions=[Lesion(14.0)])
        inner = tuple(slice(margin, side - margin) for side in coarse.fine.shape)
        assert (fine.fine != coarse.fine[inner]).mean() < 1e-5, "but for points on a border, by a last bit"
        assert fine.lesions == coarse.lesions


def test_fillings_of_metal_replace_teeth_alone():
    plain, filled = (make_head(0, shape=(40, 48, 48), spacing=4.8, fillings=number) for number in (0, 4))
    metal = filled.fine == NUMBER["metal"]
    assert 50 < metal.sum() * 1.2**3 < 4 * 60, "cubic mm"
    assert np.array_equal(plain.fine[~metal], filled.fine[~metal])
    assert is_(plain.fine[metal], "enamel", "dentine").mean() > 0.8
    with pytest.raises(UsageError, match="give 0 to 16"):
        make_head(0, fillings=17)
