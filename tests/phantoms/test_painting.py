import numpy as np
import pytest

from medtrans.core.filters import gaussian_filter
from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import SOFTNESS, make_head
from medtrans.phantoms.label_maps import from_label_map, label_map
from medtrans.phantoms.painting import BONES, PaintingSettings, factor_for, paint_pair, painted_head
from medtrans.phantoms.tissues import NUMBER, TISSUES


@pytest.fixture(scope="module")
def labels():
    return label_map(make_head(0, shape=(48, 54, 48), spacing=4.0))


@pytest.fixture(scope="module")
def head(labels):
    return painted_head(labels, np.random.default_rng(0), new_skull=False, factor=1)


def pair(head, seed, **settings):
    return paint_pair(head, PaintingSettings(**{"target": "CT", **settings}), np.random.default_rng(seed))


def test_a_seed_is_one_pair_for_ever_and_another_seed_has_another_contrast(head):
    one, same, other = pair(head, 1), pair(head, 1), pair(head, 2)
    assert all(np.array_equal(getattr(one, k).voxels, getattr(same, k).voxels) for k in ("source", "target", "mask"))
    inside = one.mask.voxels > 0
    assert np.corrcoef(one.source.voxels[inside], other.source.voxels[inside])[0, 1] < 0.98


def test_source_target_and_mask_lie_on_one_grid_and_the_ct_has_no_noise(head):
    made = pair(head, 3)
    assert made.source.shares_grid_with(made.target)
    assert made.source.shares_grid_with(made.mask)
    assert made.target.voxels.dtype == np.int16
    water = head.fraction("white matter") > 0.99
    assert made.target.voxels[0][water].std() < 6


@pytest.mark.parametrize(("target", "kind"), [("T1", "f"), ("tissues", "u")])
def test_other_targets(head, target, kind):
    made, again = pair(head, 4, target=target), pair(head, 5, target=target)
    assert made.target.voxels.dtype.kind == kind
    if target == "tissues":
        assert np.array_equal(made.target.voxels, head.tissues.voxels)
    else:
        inside = made.mask.voxels > 0
        assert np.corrcoef(made.target.voxels[inside], again.target.voxels[inside])[0, 1] > 0.97, "one contrast"


def test_what_looks_like_a_t1_keeps_its_contrast_if_asked_for_and_every_other_source_gets_an_mprage(head, monkeypatch):
    known = []
    monkeypatch.setattr(
        "medtrans.phantoms.painting.clean_t1", lambda head, rng, source=None: known.append(source is not None)
    )
    for seed in range(40):
        pair(head, seed, target="T1", contrasts=("T1", "T1", "T1", "FLAIR"), keeps_t1=True)
    assert 0.25 < np.mean(known) < 0.65, "most of three eighths, and a sixth of those of any contrast"
    known.clear()
    for seed in range(10):
        pair(head, seed, target="T1", contrasts=("T1",))
    assert not any(known)


def test_a_ct_among_the_contrasts_is_painted_in_the_window_of_the_brain(head):
    made = [pair(head, seed, target="tissues", contrasts=("CT",)).source for seed in range(8)]
    windowed = [one for one in made if one.voxels.dtype.kind == "i"]
    assert 0 < len(windowed) < len(made), "half of the sources have any contrast"
    assert all((one.voxels.min(), one.voxels.max()) == (0, 80) for one in windowed)


def test_bone_is_as_dark_as_air_in_a_share_of_the_images_and_bright_in_some(head, monkeypatch):
    seen = []
    monkeypatch.setattr("medtrans.phantoms.painting.paint_mr", lambda head, appearance, rng: seen.append(appearance))
    monkeypatch.setattr("medtrans.phantoms.painting._target", lambda head, kind, rng: None)
    for seed in range(300):
        pair(head, seed)
    bone = np.array([appearance.signals[NUMBER["cortical bone"]] / max(appearance.signals) for appearance in seen])
    assert 0.2 < np.mean(bone == 0) < 0.4
    assert 0.05 < np.mean(bone > 0.15) < 0.35
    assert all(len({appearance.signals[NUMBER[name]] for name in BONES}) == 1 for appearance in seen if
               appearance.signals[NUMBER["cortical bone"]] == 0)  # fmt: skip


def test_wider_voxels_lie_where_those_of_the_map_do_and_hold_shares_of_them(labels):
    fine, coarse = (from_label_map(labels, np.random.default_rng(0), factor=factor) for factor in (1, 2))
    assert coarse.grid.spacing == (8.0, 8.0, 8.0)
    assert np.allclose(coarse.grid.affine @ [0, 0, 0, 1], fine.grid.affine @ [0.5, 0.5, 0.5, 1])
    block = fine.fine[10:12, 12:14, 14:16] == NUMBER["CSF"]
    assert coarse.fraction("CSF")[5, 6, 7] == pytest.approx(block.mean())


def test_voxels_are_painted_as_wide_as_a_whole_number_of_those_of_the_map(labels):
    wanted = {None: (1, 1, 1), (2, 2, 2): (1, 1, 1), (4, 4, 4): (1, 1, 1), (8, 8, 8): (2, 2, 2), (9, 4, 12): (2, 1, 3)}
    assert {spacing: factor_for(labels, spacing) for spacing in wanted} == wanted
    turned = Volume(labels.voxels.transpose(0, 3, 1, 2), labels.affine[:, [2, 0, 1, 3]])
    assert factor_for(turned, (9, 4, 12)) == (3, 2, 1)


def test_voxels_may_be_wider_along_one_axis_and_are_soft_along_the_others(labels):
    fine, flat = (from_label_map(labels, np.random.default_rng(0), factor=factor) for factor in (1, (1, 1, 2)))
    assert flat.grid.spacing == (4.0, 4.0, 8.0)
    assert np.allclose(flat.grid.affine @ [0, 0, 0, 1], fine.grid.affine @ [0, 0, 0.5, 1])
    bone = np.arange(len(TISSUES)) == NUMBER["cortical bone"]
    sharp = bone[fine.fine].astype(np.float32)
    halves = (sharp[:, :, 0::2] + sharp[:, :, 1::2]) / 2
    assert np.allclose(flat.averaged(bone), gaussian_filter(halves, [SOFTNESS, SOFTNESS, 0]))


def test_a_new_skull_changes_the_shape_and_an_old_one_is_kept(labels):
    heads = [painted_head(labels, np.random.default_rng(seed), new_skull=True, factor=1) for seed in (0, 1)]
    assert heads[0].fine.shape == heads[1].fine.shape
    assert np.mean(heads[0].fine != heads[1].fine) > 0.01


def test_a_label_map_gives_back_the_tissues_it_can_tell(labels, head):
    whole = make_head(0, shape=(48, 54, 48), spacing=4.0)
    names = [tissue.name for tissue in TISSUES]
    for tissue in ("white matter", "CSF", "cortical bone", "skin"):
        before = whole.tissues.voxels[0] == names.index(tissue)
        box = tuple(slice(side) for side in before.shape)
        after = head.fine == NUMBER[tissue]
        assert 0.6 < after.sum() / before[box].sum() < 1.6, tissue


@pytest.mark.parametrize("target", ["T1", "tissues"])
def test_of_a_skull_stripped_pair_the_brain_is_left_and_nothing_else(head, target):
    whole, made = pair(head, 6, target=target), pair(head, 6, target=target, skull_stripped=1)
    brain = made.mask.voxels > 0
    for name in ("source", "target"):
        image, full = getattr(made, name).voxels, getattr(whole, name).voxels
        assert np.array_equal(image[brain], full[brain])
        assert not image[~brain].any()
    tissues = head.tissues.voxels
    assert np.isin(tissues, [NUMBER["white matter"], NUMBER["grey matter"]])[~brain].sum() < 0.02 * brain.sum()
    assert np.isin(tissues, [NUMBER["skin"], NUMBER["fat"]])[brain].mean() < 0.01


def test_some_pairs_are_stripped_where_the_share_is_between(head):
    small = [pair(head, seed, target="T1", skull_stripped=0.5).mask.voxels.sum() for seed in range(12)]
    assert 2 <= np.sum(np.array(small) < 0.9 * head.mask.voxels.sum()) <= 10
