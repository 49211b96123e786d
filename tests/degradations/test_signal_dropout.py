import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.signal_dropout import SignalDropout


def test_half_of_the_loss_lies_at_the_given_diameter():
    flat = Volume(np.ones((1, 41, 41, 41), np.float32), np.diag([1.0, 1.0, 2.0, 1.0]))
    after = SignalDropout().apply(flat, strength=0.6, millimetres=20.0, place=[0.5, 0.5, 0.5]).voxels[0]
    assert after[20, 20, 20] == pytest.approx(0.4)
    assert after[30, 20, 20] == pytest.approx(0.7, abs=1e-3)
    assert after[20, 20, 25] == pytest.approx(0.7, abs=1e-3)
