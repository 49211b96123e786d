"""Relaxation times of tissues at 1.5 T and 3 T, and T1 of lower fields.

PD is relative to water, T1 and T2 are in milliseconds. Each row names the source of its relaxation times:

BW  BrainWeb's table at 1.5 T: Collins et al., IEEE TMI 1998, https://doi.org/10.1109/42.712135, and
    https://brainweb.bic.mni.mcgill.ca/brainweb/tissue_mr_parameters.txt
ST  Stanisz et al., Magn Reson Med 2005, https://doi.org/10.1002/mrm.20605
WA  Wansapura et al., J Magn Reson Imaging 1999 (3 T),
    https://doi.org/10.1002/(SICI)1522-2586(199904)9:4<531::AID-JMRI4>3.0.CO;2-L
BA  de Bazelaire et al., Radiology 2004, https://doi.org/10.1148/radiol.2303021331
LI  Lin et al., Proc ISMRM 2001 (CSF at 3 T)
RE  Reichert et al., Magn Reson Imaging 2005, 23:611 (cortical bone, 1.5 T: T1 140 to 260 ms, T2* about 0.5 ms)
DU  Du et al., J Magn Reson 2010, 207:304 (cortical bone, 3 T)
--  assumed, between the tissues it is made of: no table has it

PD of what BrainWeb has not is assumed from its water content. T1 at 50 mT: O'Reilly and Webb, Magn Reson Med 2022,
https://doi.org/10.1002/mrm.29009; a tissue that they did not measure changes as grey matter does. Between 50 mT and
3 T it is a power of the field, as found by Bottomley et al., Med Phys 1984, https://doi.org/10.1118/1.595535, and
Rooney et al., Magn Reson Med 2007, https://doi.org/10.1002/mrm.21122. T2 hardly depends on so
low a field: it is kept as at 3 T, since the T2 at 1.5 T are those of another table (grey matter 83 instead of 99 ms).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

LOW_TESLA, HIGH_TESLA = 0.05, 3.0


@dataclass(frozen=True)
class Relaxation:
    """PD; (T1, T2) at 1.5 T and at 3 T; T1 at 50 mT where it was measured."""

    pd: float
    at_1_5: tuple[float, float]
    at_3: tuple[float, float]
    low: float | None
    source: str

    def times(self, tesla: float) -> tuple[float, float]:
        """T1 and T2 in ms: of the table at 1.5 and 3 T, between 50 mT and 3 T T1 by a power law, T2 as at 3 T."""
        if tesla in (1.5, 3.0):
            return self.at_1_5 if tesla == 1.5 else self.at_3
        low = self.low or self.at_3[0] * _GREY_RATIO
        share = math.log(tesla / LOW_TESLA) / math.log(HIGH_TESLA / LOW_TESLA)
        return low * (self.at_3[0] / low) ** share, self.at_3[1]


_GREY_RATIO = 327 / 1331

RELAXATION: dict[str, Relaxation] = {
    "air outside": Relaxation(0.00, (1, 1), (1, 1), None, "no signal"),
    "air inside": Relaxation(0.00, (1, 1), (1, 1), None, "no signal"),
    "skin": Relaxation(0.80, (900, 47), (1200, 47), None, "BW at 1.5 T (muscle and skin); -- at 3 T"),
    "fat": Relaxation(1.00, (350, 70), (382, 68), 130, "BW at 1.5 T; BA at 3 T"),
    "muscle": Relaxation(1.00, (900, 47), (1412, 50), 171, "BW at 1.5 T; ST at 3 T"),
    "cortical bone": Relaxation(0.20, (200, 0.5), (223, 0.4), None, "RE at 1.5 T; DU at 3 T"),
    "marrow": Relaxation(0.60, (549, 49), (586, 49), None, "BA"),
    "CSF": Relaxation(1.00, (2569, 329), (4163, 329), 3695, "BW at 1.5 T; LI for T1 at 3 T, T2 as at 1.5 T"),
    "grey matter": Relaxation(0.86, (833, 83), (1331, 99), 327, "BW at 1.5 T; WA for T1, ST for T2 at 3 T"),
    "white matter": Relaxation(0.77, (500, 70), (832, 69), 275, "BW at 1.5 T; WA for T1, ST for T2 at 3 T"),
    "deep grey matter": Relaxation(0.83, (700, 76), (1150, 80), None, "-- grey and white matter"),
    "vitreous": Relaxation(1.00, (2569, 329), (4163, 329), 3695, "-- as CSF"),
    "lens": Relaxation(0.70, (1000, 30), (1300, 28), None, "-- dense protein, little free water"),
    "mucosa": Relaxation(0.95, (1100, 110), (1500, 105), None, "-- muscle and free water"),
    "blood": Relaxation(0.90, (1441, 290), (1932, 275), None, "ST"),
    "lesion": Relaxation(0.76, (752, 237), (1250, 230), None, "BW at 1.5 T (MS lesion); -- at 3 T"),
    "cartilage": Relaxation(0.75, (1024, 30), (1168, 27), None, "ST"),
    "dentine": Relaxation(0.10, (200, 0.5), (223, 0.4), None, "-- as cortical bone, with less water"),
    "enamel": Relaxation(0.03, (200, 0.5), (223, 0.4), None, "-- as cortical bone, with hardly any water"),
    "metal": Relaxation(0.00, (1, 1), (1, 1), None, "no signal"),
}
"""By the name of a tissue."""
