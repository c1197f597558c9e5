"""The slope proxy: Vs30 from the slope of the ground, without a record and without training.

Source: Wald and Allen (2007), Bull. Seism. Soc. Am. 97, 1379-1395, Table 1, active tectonic regions. Between
the edges of a class ln Vs30 is taken linear in ln slope, as in the USGS's global Vs30 map (`grad2vs30.c` of
github.com/usgs/earthquake-global_vs30; Heath et al. 2020, Earthq. Spectra 36, 1570-1584). The relation was
fitted to slopes of a 30 arc-second elevation model (about 1 km); a finer model gives steeper slopes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SLOPES = np.array([1.0e-4, 2.2e-3, 6.3e-3, 0.018, 0.05, 0.10, 0.138])
VS30_M_S = np.array([180.0, 240.0, 300.0, 360.0, 490.0, 620.0, 760.0])
STIFFEST_M_S = 900.0


def vs30_of_slope(slope: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Returns Vs30 in m/s, elementwise; NaN where the slope is NaN.

    180 m/s on ground flatter than the first class, and up to 900 m/s, by the line of the steepest class, on
    ground steeper than the last.

    Args:
        slope: rise over run (m/m).
    """
    x, y = np.log(SLOPES), np.log(VS30_M_S)
    given = np.asarray(slope, dtype=np.float64)
    wanted = np.log(np.maximum(given, SLOPES[0]))
    within = np.interp(wanted, x, y)
    beyond = y[-1] + (wanted - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2])
    found = np.exp(np.where(wanted > x[-1], np.minimum(beyond, np.log(STIFFEST_M_S)), within))
    return np.where(np.isnan(given), np.nan, found)
