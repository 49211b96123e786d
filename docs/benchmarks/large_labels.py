"""Tissues of the heads that `medtrans phantoms` writes, for a segmenter of CT: python large_labels.py FOLDER

1 bone and teeth, 2 brain, 3 CSF, 4 air inside; FOLDER/NAME_labels.nii.gz beside FOLDER/NAME_CT.nii.gz.
"""

import sys
from pathlib import Path

import numpy as np

from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.tissues import NUMBER
from medtrans.reading.volumes import read_volume, write_volume

TISSUES = {
    1: ("cortical bone", "marrow", "dentine", "enamel"),
    2: ("grey matter", "white matter", "deep grey matter"),
    3: ("CSF",),
    4: ("air inside",),
}

if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).glob("sub-*_CT.nii.gz")):
        ct, name = read_volume(path), path.name.partition("_")[0]
        head = make_head(int(name.removeprefix("sub-")), shape=ct.shape, spacing=ct.spacing[0])
        assert head.tissues.shares_grid_with(ct)
        labels = np.zeros(ct.shape, np.uint8)
        for label, tissues in TISSUES.items():
            labels[np.isin(head.tissues.voxels[0], [NUMBER[tissue] for tissue in tissues])] = label
        write_volume(ct.like(labels[None]), path.with_name(f"{name}_labels.nii.gz"), dtype=np.uint8, overwrite=True)
