import subprocess
import sys
from pathlib import Path

import numpy as np

from medtrans.reading.volumes import read_volume

SAMPLES = Path(__file__).parents[2] / "sample_data"


def test_the_script_makes_the_shipped_cases(tmp_path):
    done = subprocess.run([sys.executable, str(SAMPLES / "make.py"), str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shipped = sorted(path.name for path in SAMPLES.glob("*.nii.gz"))
    assert shipped == sorted(path.name for path in tmp_path.iterdir())
    for name in shipped:
        one, other = read_volume(SAMPLES / name), read_volume(tmp_path / name)
        assert one.shares_grid_with(other)
        assert np.array_equal(one.voxels, other.voxels), "on every processor: see test_processors"
