import numpy as np
import pytest
import torch

from medtrans.core.method import Task
from medtrans.methods import load
from medtrans.translating.sliding_window import SlidingWindow
from tests.translating.stand_ins import Convolved, Same, ball

AIR = {"background": -1.0, "target_background": -1.0}


def slide_window(voxels, predict, *, background, mask=None, on_progress=None, **settings):
    window = SlidingWindow(**settings)
    return window(voxels, predict, background=background, mask=mask, on_progress=on_progress)


def head(shape, seed=0):
    voxels, inside = ball(shape, seed=seed)
    return voxels / 1000, inside


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("shape", [(17, 20, 9), (16, 16, 1), (3, 5, 7)])
def test_whole_slices_come_through_an_identity_bit_for_bit(shape, plane):
    voxels, _ = head(shape)
    out = slide_window(
        voxels, Same(slices=3).translate, spatial_dims=2, plane=plane, slices=3, divisor=8, batch=4, **AIR
    )
    assert out.dtype == np.float32
    assert np.array_equal(out, voxels)


@pytest.mark.parametrize("blending", ["gaussian", "hann"])
@pytest.mark.parametrize("overlap", [0.0, 0.5, 0.7])
@pytest.mark.parametrize(("dims", "patch"), [(2, (8, 12)), (3, (8, 8, 8)), (3, (8, 64, 8)), (3, ())])
def test_tiles_put_an_identity_together_again(dims, patch, overlap, blending):
    voxels, _ = head((21, 19, 13))
    out = slide_window(
        voxels, Same().translate, spatial_dims=dims, window=patch, overlap=overlap, blending=blending, divisor=4, **AIR
    )
    assert np.abs(out - voxels).max() < 1e-6


def test_input_channels_are_the_slice_between_its_neighbours():
    voxels = np.arange(5, dtype=np.float32).reshape(1, 1, 1, 5) * np.ones((1, 4, 4, 1), np.float32)
    channels = []

    def look(source):
        channels.extend(source[:, :, 0, 0].tolist())
        return source[:, 1:2]

    slide_window(voxels, look, spatial_dims=2, slices=3, **AIR)
    assert channels == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 4]]


def test_padding_is_the_background_of_the_source_not_zero():
    voxels = np.full((1, 5, 5, 1), 0.5, np.float32)
    sources = []
    slide_window(
        voxels,
        lambda x: sources.append(x.clone()) or x,
        spatial_dims=2,
        divisor=8,
        background=-1.25,
        target_background=-1.0,
    )
    [padded] = sources
    assert padded.shape == (1, 1, 8, 8)
    assert sorted(padded.unique().tolist()) == [-1.25, 0.5]
    assert (padded == 0.5).sum() == 25


def test_slices_of_air_are_not_predicted_and_become_the_background_of_the_target():
    voxels = np.zeros((1, 6, 6, 10), np.float32)
    mask = np.zeros((6, 6, 10), bool)
    mask[2, 3, [4, 7]] = True
    method = Same()
    out = slide_window(
        voxels, method.translate, spatial_dims=2, mask=mask, batch=1, background=-1.0, target_background=-0.75
    )
    assert len(method.shapes) == 2
    assert (out[..., [4, 7]] == 0).all()
    assert (np.delete(out, [4, 7], axis=-1) == -0.75).all()


def test_skipping_blocks_of_air_changes_nothing_in_the_body():
    voxels, inside = head((24, 24, 24))
    inside &= np.arange(24)[:, None, None] < 9
    settings = {"spatial_dims": 3, "window": (8, 8, 8), "overlap": 0.5, "divisor": 2, **AIR}
    all_of_it, body = Convolved(), Convolved()
    everything = slide_window(voxels, all_of_it.translate, batch=1, **settings)
    counted = []
    skipped = slide_window(
        voxels, lambda x: counted.append(len(x)) or body.translate(x), batch=1, mask=inside, **settings
    )
    assert np.array_equal(skipped[:, inside], everything[:, inside])
    assert sum(counted) == 3 * 5 * 5
    assert (skipped[:, 20:] == -1).all()


def test_large_windows_are_taken_one_by_one():
    shapes = []
    voxels = np.zeros((1, 140, 140, 140), np.float32)
    for patch in ((), (32, 32, 32)):
        slide_window(voxels, lambda x: shapes.append(tuple(x.shape)) or x, spatial_dims=3, window=patch, **AIR)
    assert shapes[0] == (1, 1, 140, 140, 140)
    assert shapes[1] == (4, 1, 32, 32, 32)


def test_nothing_but_air_is_background_without_a_prediction():
    method = Same()
    voxels = np.zeros((1, 8, 8, 8), np.float32)
    out = slide_window(
        voxels, method.translate, spatial_dims=3, mask=np.zeros((8, 8, 8), bool), target_channels=2, **AIR
    )
    assert method.shapes == []
    assert out.shape == (2, 8, 8, 8)
    assert (out == -1).all()


@pytest.mark.parametrize(("dims", "patch"), [(2, ()), (2, (16, 16)), (3, (16, 16, 16))])
def test_the_batch_changes_nothing_beyond_float_noise(dims, patch):
    voxels, _ = head((26, 24, 22))
    method = Convolved(dims)
    one, many = (
        slide_window(voxels, method.translate, spatial_dims=dims, window=patch, divisor=8, batch=batch, **AIR)
        for batch in (1, 7)
    )
    assert np.abs(one - many).max() < 1e-5


@pytest.mark.parametrize("shift", [1, 3, 8])
def test_a_shifted_tiling_of_blocks_changes_nothing_beyond_a_hundredth_of_the_range(shift):
    voxels, inside = head((40, 40, 40))
    agree(voxels, inside, Convolved().translate, (shift, shift, shift), spatial_dims=3, window=(24, 24, 24), divisor=4)


@pytest.mark.parametrize("shift", [4, 12])
def test_a_shifted_tiling_of_slices_changes_nothing_beyond_a_hundredth_of_the_range_for_a_unet(shift):
    # Shifted by whole cells of its coarsest grid: off them no network that halves its resolution agrees with itself.
    voxels, inside = head((128, 128, 1))
    kind = load("regression")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        settings = kind.Settings.from_dict({"generator": {"name": "unet", "channels": [8, 8]}})
        method = kind(Task(spatial_dims=2), settings)
    agree(voxels, inside, method.translate, (shift, shift, 0), spatial_dims=2, window=(64, 64), divisor=4)


def agree(voxels, inside, translate, shift, **settings):
    """Tiled, tiled otherwise and in one piece: all the same in the body, to a hundredth of the range."""
    settings |= {"background": -1.024, "target_background": -1.0}
    extra = [(side, 0) for side in shift]
    padded = np.pad(voxels, [(0, 0), *extra], constant_values=-1.024)
    here = slide_window(voxels, translate, mask=inside, **settings)[:, inside]
    there = slide_window(padded, translate, mask=np.pad(inside, extra), **settings)[:, np.pad(inside, extra)]
    whole = slide_window(voxels, translate, **{**settings, "window": ()})[:, inside]
    assert np.ptp(whole) > 0.1
    assert np.abs(here - there).max() < 0.01 * np.ptp(whole)
    assert np.abs(here - whole).max() < 0.01 * np.ptp(whole)


def test_progress_ends_at_one():
    fractions = []
    voxels, _ = head((8, 8, 5))
    slide_window(voxels, Same().translate, spatial_dims=2, batch=2, on_progress=fractions.append, **AIR)
    assert fractions == [pytest.approx(0.4), pytest.approx(0.8), 1.0]


def test_no_gradient_is_computed():
    def look(source):
        assert torch.is_inference_mode_enabled()
        return source

    slide_window(np.zeros((1, 4, 4, 1), np.float32), look, spatial_dims=2, **AIR)


def blended_by_hand(voxels, mask, predict, settings):
    """Every voxel, window by window, in the order of the windows: predicted ones first, then those without body."""
    window = SlidingWindow(**settings)
    out = np.zeros((1, *voxels.shape[1:]), np.float32)
    windows = list(window.windows(voxels.shape[1:]))
    for predicted in (True, False):
        for each in windows:
            covered = each.inside(out)
            if bool(each.inside(mask[None]).any()) is not predicted:
                continue
            values = np.full((1, *each.size), window.target_background, np.float32)
            if predicted:
                values = predict(torch.from_numpy(each.source(voxels, window.slices, -1.0)[None])).numpy()[0]
            offset = [max(-start, 0) for start in each.start]
            for place in np.ndindex(covered.shape[1:]):
                weight = np.float32(1)
                for axis, index in enumerate(place):
                    weight = each.weights[axis][index] if not axis else weight * each.weights[axis][index]
                own = tuple(index + first for index, first in zip(place, offset, strict=True))
                covered[(0, *place)] += values[(0, *own)] * weight
    return out


@pytest.mark.parametrize(
    "settings",
    [
        {"spatial_dims": 3, "window": (8, 8, 8), "overlap": 0.5, "divisor": 4},
        {"spatial_dims": 3, "window": (8, 6, 64), "overlap": 0.25, "blending": "hann", "divisor": (2, 2, 4)},
        {"spatial_dims": 2, "window": (8, 12), "slices": 3, "plane": "coronal", "divisor": 4},
        {"spatial_dims": 2, "slices": 3, "plane": "sagittal", "divisor": 8},
    ],
)
def test_the_weighted_sum_is_that_of_a_loop_over_voxels_bit_for_bit(settings):
    voxels, inside = head((13, 11, 9))
    mask = inside & (np.arange(13)[:, None, None] < 5)
    settings = {"target_background": -0.75, **settings}

    def predict(windows):
        return windows[:, :1] * 0.75 + 0.125

    out = SlidingWindow(**settings)(voxels, predict, background=-1.0, mask=mask)
    assert np.array_equal(out, blended_by_hand(voxels, mask, predict, settings))


def test_a_sliding_window_is_a_value():
    assert SlidingWindow(spatial_dims=2) == SlidingWindow(spatial_dims=2, overlap=0.5) != SlidingWindow(spatial_dims=3)
    with pytest.raises(AttributeError):
        SlidingWindow(spatial_dims=2).overlap = 0.25
