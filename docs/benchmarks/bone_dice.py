"""Dice of bone in a translated CT (> 250 HU) with a mask: python bone_dice.py CT SKULL"""

import sys

from medtrans.reading.volumes import read_volume

if __name__ == "__main__":
    translated, skull = (read_volume(path) for path in sys.argv[1:])
    if not translated.shares_grid_with(skull):
        raise SystemExit("the volumes lie on different grids")
    bone, truth = translated.voxels[0] > 250, skull.voxels[0] > 0
    both = (bone & truth).sum()
    print(f"bone Dice {2 * both / (bone.sum() + truth.sum()):.3f}, precision {both / bone.sum():.3f}, ", end="")
    print(f"recall {both / truth.sum():.3f}")
