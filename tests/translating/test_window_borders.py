import numpy as np

from medtrans.core.volume import Volume
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.translator import Translator
from medtrans.translating.window_borders import window_borders
from tests.methods.blobs_toy import toy_method


def translator(spacing=None, window=(8, 8, 8), orientation="RAS"):
    method = toy_method("regression", dims=3, generator={"name": "unet", "channels": [4, 8]})
    settings = PreparingSettings(spatial_dims=3, patch=(8, 8, 8), spacing=spacing, orientation=orientation)
    return Translator(method, Preparation(settings), TranslatingSettings(window=window), device="cpu")


def volume(shape=(16, 8, 12), affine=None):
    return Volume(np.zeros((1, *shape), np.float32), np.eye(4) if affine is None else affine)


def test_borders_are_where_windows_begin_and_end():
    assert window_borders(translator(), volume()) == [[4, 8, 12], [], [4, 8]]


def test_borders_follow_the_axes_of_the_volume():
    turned = window_borders(translator(orientation="SRA"), volume())
    assert turned == window_borders(translator(), volume())
    flipped = window_borders(translator(orientation="LPI"), volume((16, 8, 12)))
    assert flipped == [[4, 8, 12], [], [4, 8]]


def test_borders_are_in_voxels_of_the_volume_whatever_the_model_resamples_to():
    fine = volume((32, 16, 24), np.diag([0.5, 0.5, 0.5, 1.0]))
    assert window_borders(translator(spacing=(1.0, 1.0, 1.0)), fine) == [[8, 16, 24], [], [8, 16]]
