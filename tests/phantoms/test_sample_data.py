import subprocess
import sys
from pathlib import Path

import numpy as np

from medtrans.reading.volumes import read_volume

SAMPLES = Path(__file__).parents[2] / "sample_data"


def test_the_script_makes_the_shipped_cases(tmp_path):
    done = subprocess.run([sys.executable, str(SAMPLES / "make.py"), str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shipped, made = (
        sorted(str(path.relative_to(folder)) for kind in ("nii.gz", "csv") for path in folder.rglob(f"*.{kind}"))
        for folder in (SAMPLES, tmp_path)
    )
    assert shipped == made
    for name in shipped:
        if name.endswith(".csv"):
            assert (SAMPLES / name).read_bytes() == (tmp_path / name).read_bytes()
            continue
        one, other = read_volume(SAMPLES / name), read_volume(tmp_path / name)
        assert one.shares_grid_with(other)
        assert np.array_equal(one.voxels, other.voxels), "on every processor: see test_processors"
