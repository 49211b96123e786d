"""Scores of the runs of large.sh, each with and without the mirrored mean: python large_scores.py OUT"""

import resource
import sys
from pathlib import Path
from statistics import fmean

import torch

from medtrans.evaluating.image_scores import score_pair
from medtrans.reading.volumes import read_mask, read_volume
from medtrans.translating.translator import Translator

SUBJECTS = (12, 13, 14, 15)
METRICS = ("mae", "psnr", "ms_ssim", "bone_dice")


def row(name: str, mirror: str, out: Path) -> str:
    translator = Translator.load(out / name / "model", device="cpu").with_settings(mirror=mirror)
    values: dict[str, list[float]] = {}
    for subject in SUBJECTS:
        head = out / "heads" / f"sub-{subject}"
        source, target = read_volume(f"{head}_T1.nii.gz"), read_volume(f"{head}_CT.nii.gz")
        body = read_mask(Path(f"{head}_mask.nii.gz"))
        made = translator.translate(source, body)
        values.setdefault("seconds", []).append(made.seconds)
        for score in score_pair(made.volume, target, body, "synthrad2025", metrics=["bone_dice"]):
            values.setdefault(score.metric.label, []).append(score.value)
    means = [f"{fmean(values[metric]):.3f}" for metric in (*METRICS, "seconds")]
    return " | ".join([name, mirror, *means])


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(" | ".join(["recipe", "mirror", *METRICS, "seconds a volume"]))
    for name in ("small", "large"):
        for mirror in ("none", "left_right"):
            print(row(name, mirror, Path(sys.argv[1])), flush=True)
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")
