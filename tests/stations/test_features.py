"""Site features joined by nearest point or polygon."""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path
from typing import Any

import pytest

from quakesite.errors import InputError
from quakesite.rejects import Reason
from quakesite.stations import command, maps
from quakesite.stations.features import read_features
from quakesite.stations.join import Joined, join
from quakesite.stations.schema import STATIONS, Source
from quakesite.stations.settings import Feature, StationsSettings
from quakesite.stations.statements import Statement
from quakesite.tables import read_parquet

AT = (39.0, 30.0)
M_NORTH = 111_020.0  # of one degree of latitude, WGS84, at 39 N
M_EAST = 86_617.0  # of one degree of longitude


def joined(*features: Feature, **values: Any) -> Joined:
    """Returns one station at `AT`, joined with the features."""
    defaults: dict[str, Any] = {"latitude": AT[0], "longitude": AT[1], "vs30_m_s": 400.0}
    said = Statement(Source.TABLE, "TK", "3506", "list.xlsx", "row 2", **{**defaults, **values})
    return join([said], 5.0, features=read_features(features))


def row(*features: Feature, **values: Any) -> dict[str, Any]:
    """Returns that station's row."""
    (found,) = joined(*features, **values).stations.to_pylist()
    return dict(found)


def points(path: Path, *rows: str, heading: str = "Enlem;Boylam;SLOPE;H;F0;TP") -> str:
    """Writes a table of points; returns its path."""
    path.write_text("\n".join([heading, *rows]), encoding="utf-8")
    return str(path)


def feature(
    file: str, how: str = "nearest", m: float = 1000.0, crs: str | None = None, **columns: str
) -> Feature:
    """Returns the setting of a feature."""
    values = {"file": file, "columns": columns, "how": how, "max_distance_m": m, "crs": crs}
    return Feature.model_validate(values)


def test_the_nearest_point_counts_by_its_distance_on_the_ellipsoid(tmp_path: Path) -> None:
    north, east = AT[0] + 900 / M_NORTH, AT[1] + 880 / M_EAST  # nearer in metres, farther in degrees
    file = points(tmp_path / "p.csv", f"{north};30;0,02;100;1,5;0.7", f"39;{east};0,05;200;2;0.5")
    assert east - AT[1] > north - AT[0]
    found = row(feature(file, slope="SLOPE", elevation_m="H", f0_hz="F0", tp_s="TP"))
    assert [found[name] for name in ("slope", "elevation_m", "f0_hz", "tp_s")] == [0.05, 200.0, 2.0, 0.5]
    origin = next(one for one in found["origins"] if one["field"] == "slope")
    assert (origin["source"], origin["file"], origin["place"]) == ("feature", file, "row 3")
    assert origin["distance_m"] == pytest.approx(880, abs=1)


def test_beyond_the_limit_there_is_no_feature(tmp_path: Path) -> None:
    file = points(tmp_path / "p.csv", f"{AT[0] + 500 / M_NORTH};30;0.02;1;1;1")
    assert row(feature(file, m=499, slope="SLOPE"))["slope"] is None
    assert row(feature(file, m=501, slope="SLOPE"))["slope"] == 0.02


def test_what_a_station_s_own_sources_say_counts_first_then_the_first_feature(tmp_path: Path) -> None:
    one = points(tmp_path / "one.csv", "39;30;0.1;100;1;-")
    two = points(tmp_path / "two.csv", "39;30;0.2;200;2;2")
    features = [feature(file, slope="SLOPE", f0_hz="F0", tp_s="TP") for file in (one, two)]
    found = row(*features, f0_hz=7.0)
    assert (found["f0_hz"], found["slope"], found["tp_s"]) == (7.0, 0.1, 2.0)


@pytest.mark.parametrize(
    ("name", "text", "slope"), [("slope_deg", "45", 1.0), ("slope_pct", "12,5", 0.125), ("slope", "0.3", 0.3)]
)
def test_slopes_in_degrees_and_per_cent_become_rise_over_run(
    name: str, text: str, slope: float, tmp_path: Path
) -> None:
    file = points(tmp_path / "p.csv", f"39;30;{text};1;1;1")
    assert row(feature(file, **{name: "SLOPE"}))["slope"] == pytest.approx(slope)


def test_a_value_that_cannot_be_is_refused_and_the_rest_is_kept(tmp_path: Path) -> None:
    file = points(tmp_path / "p.csv", "39;30;steep;99999;1.5;1")
    found = joined(feature(file, slope="SLOPE", elevation_m="H", f0_hz="F0"))
    assert found.stations["f0_hz"].to_pylist() == [1.5]
    assert [(reject.reason, reject.source, reject.detail) for reject in found.rejects] == [
        (Reason.BAD_FEATURE, f"{file}: row 2", "slope: 'steep' is no number"),
        (Reason.BAD_FEATURE, f"{file}: row 2", "elevation_m: 99999 is not within -500 to 9000"),
    ]


@pytest.mark.parametrize(
    ("content", "columns", "message"),
    [
        (None, {"slope": "SLOPE"}, r"gone\.csv: stations\.features: no such file"),
        ("Lat;Lon;A\n39;30;1\n", {"slope": "SLOPE"}, "no column 'SLOPE'; expected one of Lat, Lon, A"),
        ("X;Y;SLOPE\n39;30;1\n", {"slope": "SLOPE"}, "latitude: column missing; expected one of X, Y, SLOPE"),
        (
            "Lat;Lon;SLOPE\n4000000;500000;1\n",
            {"slope": "SLOPE"},
            "row 2: 4e[+]06, 500000; expected latitude",
        ),
        ("Lat;Lon;SLOPE\n", {"slope": "SLOPE"}, "no point with coordinates"),
    ],
)
def test_a_file_that_cannot_be_joined_is_one_clear_line(
    content: str | None, columns: dict[str, str], message: str, tmp_path: Path
) -> None:
    path = tmp_path / ("gone.csv" if content is None else "p.csv")
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_features([feature(str(path), **columns)])


def test_unknown_features_and_ways_to_join_are_errors_of_the_configuration() -> None:
    with pytest.raises(ValueError, match="nearest"):
        feature("a.csv", how="within", slope="S")
    with pytest.raises(ValueError, match="slope_class"):
        feature("a.csv", colour="S")


def test_a_table_of_points_has_no_polygons(tmp_path: Path) -> None:
    file = points(tmp_path / "p.csv", "39;30;1;1;1;1")
    with pytest.raises(InputError, match="a table of points has no polygons"):
        read_features([feature(file, how="polygon", slope="SLOPE")])


@pytest.fixture
def geology(tmp_path: Path) -> Any:
    """Writes polygons (metres east and north of the station: west, south, east, north) in a projection."""
    geopandas = pytest.importorskip("geopandas")
    shapely = pytest.importorskip("shapely")

    def write(
        *units: tuple[str, tuple[float, float, float, float]], name: str = "g.gpkg", crs: Any = 4326
    ) -> str:
        shapes = [
            shapely.box(
                AT[1] + box[0] / M_EAST,
                AT[0] + box[1] / M_NORTH,
                AT[1] + box[2] / M_EAST,
                AT[0] + box[3] / M_NORTH,
            )
            for _, box in units
        ]
        frame = geopandas.GeoDataFrame({"UNIT": [unit for unit, _ in units]}, geometry=shapes, crs=4326)
        frame = frame.to_crs(32636) if crs == 32636 else frame
        frame.to_file(tmp_path / name)
        return str(tmp_path / name)

    return write


@pytest.mark.parametrize("crs", [4326, 32636])
def test_the_polygon_that_holds_the_station_counts_and_of_two_the_smaller(geology: Any, crs: int) -> None:
    file = geology(
        ("map sheet", (-9000, -9000, 9000, 9000)),
        ("alluvium", (-500, -500, 500, 500)),
        ("basalt", (500, -500, 900, 500)),
        crs=crs,
    )
    found = row(feature(file, "polygon", 0, geology="UNIT", lithology="UNIT"))
    assert (found["geology"], found["lithology"]) == ("alluvium", "alluvium")


def test_outside_every_polygon_the_nearest_counts_within_the_limit_in_metres(geology: Any) -> None:
    file = geology(("east", (300, -100, 900, 100)), ("north", (-100, 250, 100, 900)))
    assert row(feature(file, "polygon", 0, geology="UNIT"))["geology"] is None
    assert row(feature(file, "polygon", 249, geology="UNIT"))["geology"] is None
    found = row(feature(file, "polygon", 400, geology="UNIT"))
    assert found["geology"] == "north"
    assert found["origins"][-1]["distance_m"] == pytest.approx(250, abs=0.5)


def test_points_of_a_vector_file_are_joined_like_those_of_a_table(tmp_path: Path) -> None:
    geopandas, shapely = pytest.importorskip("geopandas"), pytest.importorskip("shapely")
    near = shapely.Point(AT[1] + 300 / M_EAST, AT[0])
    frame = geopandas.GeoDataFrame({"S": [4.0, 9.0]}, geometry=[near, shapely.Point(31, 39)], crs=4326)
    frame.to_file(tmp_path / "p.geojson")
    found = row(feature(str(tmp_path / "p.geojson"), m=301, slope_deg="S"))
    assert found["slope"] == pytest.approx(math.tan(math.radians(4.0)))
    assert row(feature(str(tmp_path / "p.geojson"), m=299, slope_deg="S"))["slope"] is None


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_what_is_wrong_with_a_vector_file_is_one_clear_line(geology: Any, tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    file = geology(("a", (0, 0, 1, 1)))
    with pytest.raises(InputError, match="no column 'AGE'; expected one of UNIT"):
        read_features([feature(file, geology="AGE")])
    broken = tmp_path / "broken.gpkg"
    broken.write_bytes(b"no map")
    with pytest.raises(InputError, match=r"expected a vector file \(\.gpkg, \.shp, \.geojson\)"):
        read_features([feature(str(broken), geology="UNIT")])
    frame = geopandas.read_file(file).set_crs(None, allow_override=True)
    frame.to_file(tmp_path / "bare.shp")
    with pytest.raises(InputError, match="no coordinate reference system"):
        read_features([feature(str(tmp_path / "bare.shp"), geology="UNIT")])
    named = feature(str(tmp_path / "bare.shp"), geology="UNIT", crs="EPSG:4326")
    assert len(read_features([named])) == 1
    settings = StationsSettings(features=[named])
    assert [Path(path).suffix for path in settings.feature_files] == [".cpg", ".dbf", ".shp", ".shx"]


def test_without_geopandas_a_vector_file_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        if name == "geopandas":
            raise ModuleNotFoundError("No module named 'geopandas'", name="geopandas")
        return importlib.import_module(name)

    monkeypatch.setattr(maps.importlib, "import_module", missing)
    (tmp_path / "g.gpkg").write_bytes(b"")
    with pytest.raises(InputError, match="geopandas is not installed; pip install geopandas"):
        read_features([feature(str(tmp_path / "g.gpkg"), geology="UNIT")])


def test_the_join_command_writes_the_features_in_the_declared_columns(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        "Code;Vs30;Latitude;Longitude;Slope\n3506;400;39;30;S0\n", encoding="utf-8"
    )
    file = points(tmp_path / "p.csv", "39;30;0.02;1;1;1")
    settings = {
        "tables": [str(tmp_path / "list.csv")],
        "features": [{"file": file, "columns": {"slope": "SLOPE"}}],
    }
    out = tmp_path / "out"
    command.join(
        [],
        settings=json.dumps(settings),
        out=out / "s.parquet",
        conflicts=out / "c.csv",
        rejects=out / "r.parquet",
    )
    (found,) = read_parquet(out / "s.parquet", STATIONS).to_pylist()
    assert (found["slope"], found["slope_class"]) == (0.02, "S0")
