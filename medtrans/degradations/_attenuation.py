"""Linear attenuation of X-rays, and the hardening of a beam of many energies.

    μ = μ_water (1 + HU / 1000)
    p = -ln Σ_E s(E) exp(-Σ_m μ_m(E) L_m),   L_m mm of material m along a ray, s the spectrum at the detector

Coefficients: Hubbell and Seltzer, NIST Standard Reference Database 126, https://doi.org/10.18434/T4D01F
"""

from __future__ import annotations

from math import exp, log
from typing import Literal, TypeAlias

import numpy as np

Kilovolts: TypeAlias = Literal[80, 100, 120, 140]

ENERGIES = (40.0, 50.0, 60.0, 80.0, 100.0, 150.0)
"""Energies of the tables in keV."""
WATER = (0.2683, 0.2269, 0.2059, 0.1837, 0.1707, 0.1505)
BONE = (0.6655, 0.4242, 0.3148, 0.2229, 0.1855, 0.1480)
TITANIUM = (2.214, 1.213, 0.7661, 0.4052, 0.2721, 0.1649)
"""Mass attenuation in cm²/g: water, cortical bone (ICRU-44) and titanium."""
DENSITIES = {"water": 1.0, "bone": 1.92, "titanium": 4.54}
"""g/cm³."""
MEAN_ENERGY = {80: 50.0, 100: 57.0, 120: 64.0, 140: 70.0}
"""Effective energy in keV of a head scan at a tube voltage in kV."""


def attenuation(material: str, energy: float) -> float:
    """Linear attenuation per mm at an energy in keV, interpolated between logarithms."""
    table = {"water": WATER, "bone": BONE, "titanium": TITANIUM}[material]
    value = exp(float(np.interp(log(energy), np.log(ENERGIES), np.log(table))))
    return value * DENSITIES[material] / 10


def water(kilovolts: int) -> float:
    """Attenuation of water per mm at the effective energy."""
    return attenuation("water", MEAN_ENERGY[kilovolts])


def spectrum(kilovolts: int) -> tuple[np.ndarray, np.ndarray]:
    """Energies in keV and their shares: Kramers' law behind a filter of 5 mm of aluminium, from 40 keV on."""
    energies = np.linspace(40, kilovolts, 12)
    # Aluminium, per mm, falls about as E^-2.6 here and has 0.153 / mm at 40 keV.
    shares = (kilovolts / energies - 1 + 1e-3) * np.exp(-0.153 * (energies / 40) ** -2.6 * 5)
    return energies, shares / shares.sum()


def polychromatic(lengths: dict[str, np.ndarray], kilovolts: int) -> np.ndarray:
    """Line integrals that a beam of a tube voltage measures, of mm of each material along the rays."""
    first = next(iter(lengths.values()))
    passed = np.zeros(first.shape, first.dtype)
    for energy, share in zip(*spectrum(kilovolts), strict=True):
        through = np.zeros_like(passed)
        for material, length in lengths.items():
            through -= first.dtype.type(attenuation(material, energy)) * length
        np.exp(through, out=through)
        through *= first.dtype.type(share)
        passed += through
    return -np.log(np.maximum(passed, 1e-12))


def water_corrected(integrals: np.ndarray, kilovolts: int) -> np.ndarray:
    """The mm of water that attenuate a beam as measured: the usual correction of beam hardening."""
    lengths = np.linspace(0, 2000, 2001)
    return np.interp(integrals, polychromatic({"water": lengths}, kilovolts), lengths)
