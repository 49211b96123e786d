"""Tissues of a head: CT numbers; relaxation times are in `degradations/_relaxation`.

HU are the mean and standard deviation within a person at 120 kV. They are the usual ranges of head CT, and:

cortical bone   Schneider et al., Phys Med Biol 1996, https://doi.org/10.1088/0031-9155/41/1/009
marrow          diploë and spongy bone, about the 346 HU of jaws: Sande and Ramdurg, Eur J Mol Clin Med 2020, 15 skulls
skin            a little below the surplus of electrons of ICRU's composition at 1.09 g/ml, as it holds more carbon than
                water does; composition: https://pmc.ncbi.nlm.nih.gov/articles/PMC4201780, table 1
dentine, enamel assumed: above cortical bone, and metal above the scale of a scanner, as in Emadi et al., Iran Endod J
                2014, https://pmc.ncbi.nlm.nih.gov/articles/PMC4224767

Means of whole bone go from 78 to 1,323 HU over twenty places of the skull in 604 heads ("Reference measurements for
average human neurocranial bone density to inform head trauma interpretations"). Air in a sinus is -1000 HU; air outside
is written as -1024, the lowest value of a scanner, as everywhere in medtrans.
"""

from __future__ import annotations

from dataclasses import dataclass

from medtrans.degradations._relaxation import RELAXATION, Relaxation

FIELDS: tuple[float, ...] = (1.5, 3.0)


@dataclass(frozen=True)
class Tissue:
    """HU: mean and standard deviation of its texture."""

    name: str
    hu: float
    hu_deviation: float

    @property
    def relaxation(self) -> Relaxation:
        """PD, T1 and T2."""
        return RELAXATION[self.name]


TISSUES: tuple[Tissue, ...] = (
    Tissue("air outside", -1024, 0),
    Tissue("air inside", -1000, 6),
    Tissue("skin", 70, 15),
    Tissue("fat", -95, 12),
    Tissue("muscle", 55, 8),
    Tissue("cortical bone", 1300, 200),
    Tissue("marrow", 350, 65),
    Tissue("CSF", 8, 3),
    Tissue("grey matter", 37, 3),
    Tissue("white matter", 29, 3),
    Tissue("deep grey matter", 36, 3),
    Tissue("vitreous", 7, 3),
    Tissue("lens", 85, 6),
    Tissue("mucosa", 32, 6),
    Tissue("blood", 52, 4),
    Tissue("lesion", 22, 4),
    Tissue("cartilage", 110, 12),
    Tissue("dentine", 1700, 120),
    Tissue("enamel", 2600, 150),
    Tissue("metal", 12000, 0),
)

NUMBER = {tissue.name: number for number, tissue in enumerate(TISSUES)}
"""Name → the number that stands for it in label images."""
