import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.spike import Spike


def test_stripes_have_the_amplitude_and_the_wavelength_in_millimetres():
    flat = Volume(np.ones((1, 4, 64, 4), np.float32), np.diag([1.0, 0.5, 1.0, 1.0]))
    striped = Spike().apply(flat, amplitude=0.2, wavelength=8.0, direction=[0.0, 1.0, 0.0], phase=0.0).voxels
    assert striped[0, 0, ::16, 0] == pytest.approx(1.2, abs=1e-5)
    assert striped[0, 0, 8::16, 0] == pytest.approx(0.8, abs=1e-5)
    spectrum = np.abs(np.fft.rfft(striped[0, 0, :, 0]))
    assert spectrum[1:].argmax() + 1 == 4
