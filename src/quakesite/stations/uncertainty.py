"""How uncertain a Vs30 is: as its source states, else by the methods it names, else by the kind of source."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from quakesite.stations.parsing import composed, fold
from quakesite.stations.settings import SigmaLn
from quakesite.stations.statements import Statement

METHODS = {
    "crosshole": r"cross\s*-?\s*hole|karsit kuyu|\bp\s*-?\s*s\s+(suspension\s+)?log|suspension",
    "downhole": r"down\s*-?\s*hole|up\s*-?\s*hole|kuyu\s+(asagi|ici)|seismic\s+cone|\bs?cpt",
    "masw": r"\bmasw\b|multi\s*-?\s*channel analysis|cok kanalli",
    "sasw": r"\bsasw\b",
    "spac": r"\be?spac\b|\bmam\b|\bf\s*-?\s*k\b|microtremor array|mikrotremor dizi",
    "remi": r"\bre\s*-?mi\b|refraction microtremor|kirilma mikrotremor",
    "refraction": r"refraction(?!\s+microtremor)|kirilma(?!\s+mikrotremor)",
    "hvsr": r"\bhvsr\b|\bh\s*/\s*v\b|nakamura",
    "inferred": r"inferred|proxy|estimate|geolog|jeoloj|topograph|\bslope\b|tahmin|kestirim",
}
"""How each method of `SigmaLn` is named in Turkish and English, as expressions on folded text."""
SURFACE_WAVES = frozenset({"masw", "sasw", "spac", "remi"})


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Standard deviation of ln Vs30, what it rests on, and the number of methods where it is known."""

    sigma_ln: float
    basis: str
    n_methods: int | None


def methods_of(text: str | None) -> list[str]:
    """Returns the names (fields of `SigmaLn`) of the methods that a source names, each once."""
    folded = fold(composed(text or "").replace("_", " "))
    return [name for name, pattern in METHODS.items() if re.search(pattern, folded)]


def _independent(methods: Sequence[str], table: SigmaLn) -> list[float]:
    """Returns the standard deviations of the methods that count as independent of each other."""
    surface = [getattr(table, name) for name in methods if name in SURFACE_WAVES]
    others = [getattr(table, name) for name in methods if name not in SURFACE_WAVES and name != "inferred"]
    return [*sorted(surface)[:1], *others] or [getattr(table, name) for name in methods]


def uncertainty_of(statement: Statement, table: SigmaLn) -> Uncertainty:
    """Returns how uncertain a statement's Vs30 is.

    Several methods count as independent (inverse-variance weighting) down to `table.least`: what they share,
    the site, is not averaged away. Surface-wave methods invert one kind of wave and count as one, the best
    of them; a value inferred from a proxy adds nothing to a measured one. An extrapolation's own scatter is
    added in quadrature.

    Args:
        statement: one that states a Vs30.
        table: standard deviations by method and source.
    """
    methods = methods_of(statement.method)
    n_methods = statement.n_methods or len(methods) or None
    if statement.sigma_ln is not None:
        sigma, basis = statement.sigma_ln, "stated"
    else:
        named = _independent(methods, table) or [getattr(table, str(statement.source))]
        basis = "+".join(methods) or str(statement.source)
        repeated = max(1.0, (n_methods or 1) / max(1, len(methods)))
        combined = 1.0 / math.sqrt(repeated * math.fsum(value**-2 for value in named))
        sigma = max(combined, min(table.least, *named))
    if statement.extrapolation_sigma_ln is not None:
        sigma, basis = math.hypot(sigma, statement.extrapolation_sigma_ln), f"{basis}+extrapolation"
    return Uncertainty(sigma, basis, n_methods)
