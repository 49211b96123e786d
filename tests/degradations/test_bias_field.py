import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.bias_field import BiasField


@pytest.mark.parametrize("shape", [(24, 24, 24), (48, 40, 1)], ids=["block", "slice"])
def test_the_logarithm_of_the_gain_has_the_deviation_of_the_setting_and_is_smooth(shape):
    flat = Volume(np.ones((1, *shape), np.float32), np.eye(4))
    logs = np.stack([np.log(BiasField().apply(flat, strength=0.3, bumps=5, seed=n).voxels[0]) for n in range(60)])
    assert logs.std() == pytest.approx(0.3, rel=0.15)
    assert abs(logs.mean()) < 0.05
    assert np.abs(np.diff(logs, axis=1)).max() < 0.3 * 1.5


def test_channels_share_one_field():
    voxels = np.random.default_rng(0).uniform(0.5, 1, (2, 12, 12, 12)).astype(np.float32)
    after = BiasField().apply(Volume(voxels, np.eye(4)), strength=0.3, bumps=3, seed=4).voxels
    assert after[0] / voxels[0] == pytest.approx(after[1] / voxels[1], rel=1e-5)
