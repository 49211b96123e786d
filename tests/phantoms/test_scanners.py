import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.phantoms.scanners import Scanner, scanner

BODY = np.zeros((12, 12, 12), bool)
BODY[2:-2, 2:-2, 2:-2] = True
IMAGE = Volume(np.where(BODY, np.linspace(100, 900, BODY.size).reshape(BODY.shape), 0)[None], np.diag([8.0, 8, 8, 1]))
PLAIN = {"gain": 1.0, "gamma": 1.0, "bias": 0.0, "noise": 0.0, "coil": 0}


def scanned(seed=0, **changes):
    return Scanner(**{**PLAIN, **changes}).scan(IMAGE, BODY, np.random.default_rng(seed)).voxels


def test_a_scanner_is_one_look_and_each_number_another():
    assert scanner(2) == scanner(2) != scanner(1)


def test_a_scanner_without_faults_shows_the_image():
    assert scanned() == pytest.approx(IMAGE.voxels, rel=1e-5)


def test_gain_tone_coil_and_noise_change_the_image():
    assert scanned(gain=2.0) == pytest.approx(2 * IMAGE.voxels, rel=1e-5)
    assert scanned(gamma=1.5).max() == pytest.approx(IMAGE.voxels.max(), rel=1e-5)
    assert scanned(gamma=1.5)[0][BODY].mean() < IMAGE.voxels[0][BODY].mean()
    ratio = scanned(bias=0.2)[0][BODY] / IMAGE.voxels[0][BODY]
    assert ratio.std() > 0.02
    assert scanned(seed=1, noise=0.05) != pytest.approx(scanned(seed=2, noise=0.05))


def test_the_coil_is_the_same_for_every_head():
    other = IMAGE.like(2 * IMAGE.voxels)
    one = Scanner(**{**PLAIN, "bias": 0.2}).scan(other, BODY, np.random.default_rng(0))
    assert one.voxels == pytest.approx(2 * scanned(bias=0.2), rel=1e-5)
