"""The presets meet values that the challenges' own programs gave on volumes made with integers alone."""

import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.evaluating.image_scores import score_pair

pytestmark = pytest.mark.conformance
TOLERANCE = {"mae": 1e-9, "psnr": 1e-9, "ssim": 1e-6, "ms_ssim": 1e-9}
SMALL, LARGE = (64, 72, 40), (120, 104, 99)
CHECKSUMS = {SMALL: (108800, -71653608, -68970778), LARGE: (730224, -479255595, -461279865)}
GOLDEN = {
    (SMALL, "synthrad2023"): {"mae": 21.380257352941175, "psnr": 43.986519955663596, "ssim": 0.9802837798043209},
    (SMALL, "synthrad2025"): {"mae": 21.380257352941175, "psnr": 44.138438636634916, "ms_ssim": 0.9981993801886949},
    (SMALL, "synthrad2025-metrics"): {
        "mae": 21.380257352941175, "psnr": 43.986519955663596, "ms_ssim": 0.9981495587799155,
    },
    (LARGE, "synthrad2023"): {"mae": 21.40886905935713, "psnr": 43.976532851182, "ssim": 0.9752263466356208},
    (LARGE, "synthrad2025"): {"mae": 21.40886905935713, "psnr": 44.12845153215333, "ms_ssim": 0.9977120813854126},
    (LARGE, "synthrad2025-metrics"): {
        "mae": 21.40886905935713, "psnr": 43.976532851182, "ms_ssim": 0.9976416230438454,
    },
}  # fmt: skip


def integer_volumes(a: int, b: int, c: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Real and translated CT in HU, and the body; integer arithmetic, so the same on every machine."""
    i, j, k = np.ogrid[:a, :b, :c]
    across, along = 2 * i - a + 1, 2 * j - b + 1
    body = 4 * across**2 // a + 4 * along**2 // b < 3 * (a + b) // 2
    body = np.broadcast_to(body, (a, b, c))
    grain = (7 * i + 13 * j + 29 * k + i * j // 5 + j * k // 7) % 61 - 30
    lung = (2 * i - a // 2) ** 2 + (2 * j - b) ** 2 < ((a + b) // 7) ** 2
    bone = across**2 + along**2 < ((a + b) // 8) ** 2
    real = np.select([~body, bone & body, lung & body], [-1024, 1200 + 8 * grain, grain - 750], grain + 40)
    real[a // 2, b // 2] = 3500
    error = (11 * i + 5 * j + 17 * k) % 47 - 35 + 40 * ((i // 8 + j // 8 + k // 4) % 2)
    return real, np.where(body, real + error, -1000), body


@pytest.fixture(scope="module", params=[SMALL, LARGE], ids=["small", "large"])
def made(request):
    shape = request.param
    return shape, [Volume(array.astype(np.int16)[None], np.eye(4)) for array in integer_volumes(*shape)]


def test_the_volumes_are_those_the_values_were_made_on(made):
    shape, (real, translated, body) = made
    sums = tuple(int(volume.voxels.sum(dtype=np.int64)) for volume in (body, real, translated))
    assert sums == CHECKSUMS[shape]


@pytest.mark.parametrize("preset", ["synthrad2023", "synthrad2025", "synthrad2025-metrics"])
def test_a_preset_gives_the_values_of_the_challenge(made, preset):
    shape, (real, translated, body) = made
    found = {score.metric.label: score.value for score in score_pair(translated, real, body, preset)}
    assert found.keys() == GOLDEN[shape, preset].keys()
    for metric, value in GOLDEN[shape, preset].items():
        assert found[metric] == pytest.approx(value, rel=0, abs=TOLERANCE[metric]), metric
