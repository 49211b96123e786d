import numpy as np
import pytest
from skimage.metrics import structural_similarity

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.metrics.image.ssim import SSIM
from tests.metrics.image import damaged


def test_ssim_agrees_with_skimage_where_the_definitions_do():
    x, y, body = damaged.image(), damaged.noisy(60), damaged.body()
    displayed = [np.where(body, np.clip(image, -1024, 3000), -1024) + 1024 for image in (x, y)]
    _, similarity = structural_similarity(*displayed, win_size=7, data_range=4024, full=True)
    middle = (slice(3, -3),) * 3
    expected = similarity[middle][body[middle]].mean(dtype=np.float64)
    assert SSIM(low=-1024, high=3000)(y, x, body) == pytest.approx(expected, abs=1e-6)


def test_ssim_hangs_on_the_range_it_is_given():
    images = damaged.noisy(60), damaged.image(), damaged.body()
    assert SSIM(high=30000)(*images) > SSIM(high=3000)(*images) + 0.001


def test_a_volume_smaller_than_the_window_is_refused_by_its_size():
    with pytest.raises(InputRefused, match="20 x 20 x 6 voxels is smaller than the window"):
        SSIM()(np.zeros((20, 20, 6)), np.zeros((20, 20, 6)), np.ones((20, 20, 6), bool))


def test_a_mask_at_the_border_only_is_refused():
    rim = np.zeros(damaged.SHAPE, bool)
    rim[:3] = True
    with pytest.raises(EmptyMask, match="within 3 voxels of the volume's border"):
        SSIM()(damaged.image(), damaged.image(), rim)
