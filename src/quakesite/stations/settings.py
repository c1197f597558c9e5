"""Settings of the `stations` stage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from quakesite.settings import Section

Sigma = Annotated[float, Field(gt=0, le=2)]
FeatureName = Literal[
    "slope", "slope_deg", "slope_pct", "elevation_m", "geology", "lithology", "f0_hz", "tp_s", "slope_class"
]
COMPANIONS = (".dbf", ".shx", ".prj", ".cpg")
"""What a shapefile consists of beside the .shp."""


class SigmaLn(Section):
    """Standard deviation of ln Vs30 where the source states none, by the method it names, else by the source.
    Used as training weights alone (`training.label_weights`); docs/stations.md says where they are from."""

    crosshole: Sigma = 0.05
    """Between boreholes, and P-S suspension logging."""

    downhole: Sigma = 0.07
    """Downhole, uphole and seismic cone."""

    masw: Sigma = 0.1
    """Multichannel analysis of surface waves."""

    sasw: Sigma = 0.1
    """Spectral analysis of surface waves."""

    spac: Sigma = 0.12
    """Passive arrays: SPAC, MAM, f-k."""

    remi: Sigma = 0.15
    """Refraction microtremor."""

    refraction: Sigma = 0.15
    """Shear-wave refraction."""

    hvsr: Sigma = 0.25
    """H/V spectral ratio alone."""

    inferred: Sigma = 0.4
    """From geology, slope or another proxy."""

    report: Sigma = 0.1
    """A report that names no method."""

    table: Sigma = 0.2
    """A station table that names no method."""

    header: Sigma = 0.2
    """A record header."""

    least: Sigma = 0.05
    """What several methods together do not fall below: they share the site."""


class Feature(Section):
    """A file of site features, joined to the stations by their coordinates."""

    file: str
    """Points as .csv or .xlsx with columns Latitude and Longitude; or a vector file (.gpkg, .shp, .geojson),
    which needs geopandas."""

    columns: Annotated[dict[FeatureName, str], Field(min_length=1)]
    """Which column of the file is which feature: slope (m/m; slope_deg and slope_pct are turned into it),
    slope_class, elevation_m, geology, lithology, f0_hz, tp_s."""

    how: Literal["nearest", "polygon"] = "nearest"
    """`nearest`: of the nearest point, line or area; `polygon`: of the polygon that the station lies in."""

    max_distance_m: Annotated[float, Field(ge=0, le=1e6)] = 1000.0
    """What is farther away than this does not count. For a polygon: how far outside it a station may lie (its
    border on the map is not where it is in the field)."""

    layer: str | None = None
    """Layer of a file that has several."""

    crs: str | None = None
    """Coordinate reference system of a vector file that names none, e.g. EPSG:4326."""


class StationsSettings(Section):
    """Where the stations' measured Vs30 comes from. Precedence: MASW report, table, record header."""

    tables: list[str] = []
    """Station tables: TADAS station list exports (.xlsx or .csv)."""

    reports: list[str] = []
    """Folders of MASW reports (.pdf, or layer tables as .csv or .xlsx)."""

    layouts: list[str] = []
    """Folders of your own report layouts (.yaml), looked at before those of the package; docs/layouts.md
    says how to write one."""

    shallow_profiles: Literal["reject", "boore2004", "boore2011"] = "reject"
    """What becomes of a report whose profile ends above 30 m: refused, or extrapolated and flagged, by Boore
    (2004, California, from 10 m) or Boore et al. (2011, Japan, from 5 m: larger values than elsewhere)."""

    conflict_pct: Annotated[float, Field(gt=0, lt=100)] = 5.0
    """Two sources that disagree on a station's Vs30 by more than this many per cent make a row in
    `stations/conflicts.csv`."""

    report_limit_s: Annotated[float, Field(gt=0)] = 120.0
    """A report that takes longer to read than this is refused."""

    sigma_ln: SigmaLn = SigmaLn()

    features: list[Feature] = []
    """Site features from maps and tables of your own: a list of {file, columns, how, max_distance_m, layer,
    crs}; docs/stations.md has examples. None is required."""

    @property
    def feature_files(self) -> list[str]:
        """The files of features, with the companions of a shapefile that are there."""
        files = {feature.file for feature in self.features}
        for file in list(files):
            if file.lower().endswith(".shp"):
                beside = (str(Path(file).with_suffix(ending)) for ending in COMPANIONS)
                files.update(path for path in beside if Path(path).is_file())
        return sorted(files)
