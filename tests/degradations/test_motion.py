import numpy as np
import pytest

from medtrans.degradations.motion import Motion
from tests.degradations.images import smooth_head

STILL = [0.0] * 6


def moved(position, times, millimetres=8.0, phase="back_front"):
    head = smooth_head("motion")
    return head, Motion().apply(head, millimetres=millimetres, phase=phase, times=times, positions=position)


def test_motion_before_the_centre_alone_moves_what_was_measured_before():
    """The centre of k-space belongs to the position after the motion, which counts as none."""
    head, after = moved([[1.0, 0, 0, 0, 0, 0]], [0.05])
    few = np.abs(after.voxels - head.voxels).mean()
    _, late = moved([[1.0, 0, 0, 0, 0, 0]], [0.45])
    assert 0 < few < np.abs(late.voxels - head.voxels).mean() / 3


def test_a_translation_of_all_lines_but_none_is_an_image_without_motion():
    head, after = moved([[1.0, 0.5, 0, 0, 0, 1.0]], [0.0])
    assert after.voxels == pytest.approx(head.voxels, abs=1e-5)


def test_a_translation_is_a_ramp_of_phase_in_k_space():
    head, after = moved([[0, 1.0, 0, 0, 0, 0]], [0.75], millimetres=8.0)  # two voxels of 4 mm
    lines = np.fft.fftshift(np.fft.fft(head.voxels, axis=2), 2)
    frequency = (np.arange(40) - 20) / 40
    for sign in (2, -2):
        shifted = lines * np.exp(-2j * np.pi * frequency * sign)[:, None]
        expected = np.abs(
            np.fft.ifft(np.fft.ifftshift(np.where(np.arange(40)[:, None] >= 30, shifted, lines), 2), axis=2)
        )
        if np.allclose(after.voxels, expected, atol=1e-3):
            return
    pytest.fail("is neither of the two shifts")
