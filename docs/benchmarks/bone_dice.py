"""Dice of bone in a translated CT (> 250 HU) with a skull mask: python bone_dice.py CT.nii.gz SKULL.nii.gz"""

import sys

from medtrans.reading.files import read_volume

if __name__ == "__main__":
    translated, skull = (read_volume(path) for path in sys.argv[1:3])
    if not translated.shares_grid_with(skull):
        raise SystemExit("the two volumes lie on different grids")
    bone, truth = translated.voxels[0] > 250, skull.voxels[0] > 0
    print(f"bone Dice {2 * (bone & truth).sum() / (bone.sum() + truth.sum()):.3f}")
