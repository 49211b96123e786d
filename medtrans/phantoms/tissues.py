"""Tissues of a head: relaxation times at 1.5 T and 3 T, and CT numbers.

PD is relative to water, T1 and T2 are in milliseconds, HU are the mean and standard deviation within a person at
120 kV. Each row names the source of its relaxation times:

BW  BrainWeb's table at 1.5 T: Collins et al., IEEE TMI 1998, https://doi.org/10.1109/42.712135, and
    https://brainweb.bic.mni.mcgill.ca/brainweb/tissue_mr_parameters.txt
ST  Stanisz et al., Magn Reson Med 2005, https://doi.org/10.1002/mrm.20605
WA  Wansapura et al., J Magn Reson Imaging 1999 (3 T)
BA  de Bazelaire et al., Radiology 2004, https://doi.org/10.1148/radiol.2303021331
LI  Lin et al., Proc ISMRM 2001 (CSF at 3 T)
RE  Reichert et al., Magn Reson Imaging 2005 (cortical bone, 1.5 T: T1 140 to 260 ms, T2* about 0.5 ms)
DU  Du et al., Magn Reson Imaging 2010 (cortical bone, 3 T)
--  assumed, between the tissues it is made of: no table has it

PD of what BrainWeb has not is assumed from its water content. HU are the usual ranges of head CT, and:

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

FIELDS: tuple[float, ...] = (1.5, 3.0)


@dataclass(frozen=True)
class Tissue:
    """PD relative to water; (T1, T2) in ms at 1.5 T and at 3 T; HU mean and standard deviation of its texture."""

    name: str
    pd: float
    at_1_5: tuple[float, float]
    at_3: tuple[float, float]
    hu: float
    hu_deviation: float
    source: str

    def relaxation(self, tesla: float) -> tuple[float, float]:
        """T1 and T2 in ms."""
        return self.at_3 if tesla == 3.0 else self.at_1_5


TISSUES: tuple[Tissue, ...] = (
    Tissue("air outside", 0.00, (1, 1), (1, 1), -1024, 0, "no signal"),
    Tissue("air inside", 0.00, (1, 1), (1, 1), -1000, 6, "no signal"),
    Tissue("skin", 0.80, (900, 47), (1200, 47), 70, 15, "BW at 1.5 T (muscle and skin); -- at 3 T"),
    Tissue("fat", 1.00, (350, 70), (382, 68), -95, 12, "BW at 1.5 T; BA at 3 T"),
    Tissue("muscle", 1.00, (900, 47), (1412, 50), 55, 8, "BW at 1.5 T; ST at 3 T"),
    Tissue("cortical bone", 0.20, (200, 0.5), (223, 0.4), 1300, 200, "RE at 1.5 T; DU at 3 T"),
    Tissue("marrow", 0.60, (549, 49), (586, 49), 350, 65, "BA"),
    Tissue("CSF", 1.00, (2569, 329), (4163, 329), 8, 3, "BW at 1.5 T; LI for T1 at 3 T, T2 as at 1.5 T"),
    Tissue("grey matter", 0.86, (833, 83), (1331, 99), 37, 3, "BW at 1.5 T; WA for T1, ST for T2 at 3 T"),
    Tissue("white matter", 0.77, (500, 70), (832, 69), 29, 3, "BW at 1.5 T; WA for T1, ST for T2 at 3 T"),
    Tissue("deep grey matter", 0.83, (700, 76), (1150, 80), 36, 3, "-- grey and white matter"),
    Tissue("vitreous", 1.00, (2569, 329), (4163, 329), 7, 3, "-- as CSF"),
    Tissue("lens", 0.70, (1000, 30), (1300, 28), 85, 6, "-- dense protein, little free water"),
    Tissue("mucosa", 0.95, (1100, 110), (1500, 105), 32, 6, "-- muscle and free water"),
    Tissue("blood", 0.90, (1441, 290), (1932, 275), 52, 4, "ST"),
    Tissue("lesion", 0.76, (752, 237), (1250, 230), 22, 4, "BW at 1.5 T (MS lesion); -- at 3 T"),
    Tissue("cartilage", 0.75, (1024, 30), (1168, 27), 110, 12, "ST"),
    Tissue("dentine", 0.10, (200, 0.5), (223, 0.4), 1700, 120, "-- as cortical bone, with less water"),
    Tissue("enamel", 0.03, (200, 0.5), (223, 0.4), 2600, 150, "-- as cortical bone, with hardly any water"),
    Tissue("metal", 0.00, (1, 1), (1, 1), 12000, 0, "no signal"),
)

NUMBER = {tissue.name: number for number, tissue in enumerate(TISSUES)}
"""Name → the number that stands for it in label images."""
