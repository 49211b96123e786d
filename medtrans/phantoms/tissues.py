"""The tissues of a head: how they relax at 1.5 T, and what they are in CT.

PD is relative to water, T1 and T2 are in milliseconds, HU is mean and spread between people at 120 kV.

Sources of PD, T1, T2 (1.5 T): BrainWeb's table of tissue parameters (Collins et al., IEEE TMI 1998;
https://brainweb.bic.mni.mcgill.ca/tissue_mr_parameters.txt) for CSF, grey and white matter, fat, muscle and skin;
Stanisz et al., Magn Reson Med 2005 (https://doi.org/10.1002/mrm.20605) for blood; de Bazelaire et al., Radiology 2004
(https://doi.org/10.1148/radiol.2303021331) for marrow. Cortical bone gives next to no signal at echo times over a
millisecond (Du et al., Magn Reson Imaging 2010). Vitreous is nearly water; lens, mucosa and lesion are set between
their neighbours, for no table has them. HU: the usual ranges, as in Schneider et al., Phys Med Biol 1996
(https://doi.org/10.1088/0031-9155/41/1/009) for bone and marrow.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tissue:
    name: str
    pd: float
    t1: float
    t2: float
    hu: float
    hu_spread: float
    """Texture within the tissue, standard deviation in HU."""


TISSUES: tuple[Tissue, ...] = (
    Tissue("air outside", 0.0, 1.0, 1.0, -1024, 0),
    Tissue("air inside", 0.0, 1.0, 1.0, -1000, 5),
    Tissue("skin", 0.85, 900, 47, 20, 15),
    Tissue("fat", 1.0, 350, 70, -95, 12),
    Tissue("muscle", 0.9, 900, 47, 55, 10),
    Tissue("cortical bone", 0.05, 250, 1, 1350, 180),
    Tissue("marrow", 0.6, 549, 49, 420, 130),
    Tissue("CSF", 1.0, 2569, 329, 8, 4),
    Tissue("grey matter", 0.86, 833, 83, 38, 4),
    Tissue("white matter", 0.77, 500, 70, 29, 4),
    Tissue("deep grey matter", 0.82, 750, 80, 37, 4),
    Tissue("vitreous", 1.0, 2300, 300, 10, 4),
    Tissue("lens", 0.7, 1000, 40, 80, 8),
    Tissue("mucosa", 0.9, 1000, 90, 35, 8),
    Tissue("blood", 0.9, 1441, 290, 48, 5),
    Tissue("lesion", 0.92, 1100, 130, 25, 4),
)

NUMBER = {tissue.name: number for number, tissue in enumerate(TISSUES)}
"""Name → the number that stands for it in label images."""
