"""The mask of the body that medtrans finds: python body_mask.py IMAGE MODALITY MASK"""

import sys

import numpy as np

from medtrans.preparing.masks import body_mask
from medtrans.reading.volumes import read_volume, write_volume

if __name__ == "__main__":
    image, modality, mask = sys.argv[1:]
    volume = read_volume(image)
    body = body_mask(volume.voxels[0], volume.spacing, is_ct=modality == "CT")
    write_volume(volume.like(body[None].astype(np.uint8)), mask, overwrite=True)
