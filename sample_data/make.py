"""Make the cases of this folder: python sample_data/make.py [FOLDER]"""

import sys
from pathlib import Path

from medtrans.phantoms.cohort import write_cohort, write_follow_ups

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for path in (
        *write_cohort(folder, range(6), ("T1", "T2", "CT", "labels"), shape=(40, 48, 40), spacing=4.8),
        *write_follow_ups(folder / "follow_up", range(3), 2, ("FLAIR",), shape=(24, 32, 24), spacing=8.0),
    ):
        print(path)
