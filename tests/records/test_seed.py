"""miniSEED with StationXML."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import obspy
import pytest
from obspy import Stream, Trace, UTCDateTime
from obspy.core.inventory import Channel, Inventory, Network, Response, Site, Station

from quakesite.errors import InputError
from quakesite.records import read
from quakesite.records.deconvolution import acceleration

START = UTCDateTime(2023, 6, 26, 6, 41, 0)
COUNTS_PER_M_S2 = 331_921.0
NAME = "20230626064129_1211_N"


def stream(n_samples: int = 3000) -> Stream:
    t = np.arange(n_samples) / 100
    envelope = np.sin(np.pi * t / t[-1]) ** 2
    traces = []
    for hertz, code in zip((1.0, 2.0, 4.0), "ENZ", strict=True):
        counts = (COUNTS_PER_M_S2 * 0.5 * envelope * np.sin(2 * np.pi * hertz * t)).astype(np.int32)
        header = {"network": "TK", "station": "1211", "channel": f"HN{code}"}
        header |= {"sampling_rate": 100.0, "starttime": START}
        traces.append(Trace(counts, header))
    return Stream(traces)


def inventory() -> Inventory:
    def response() -> Response:
        return Response.from_paz(
            zeros=[], poles=[], stage_gain=COUNTS_PER_M_S2, input_units="M/S**2", output_units="COUNTS"
        )

    channels = [
        Channel(f"HN{code}", "", 38.97, 41.05, 1383.0, 0.0, sample_rate=100.0, response=response())
        for code in "ENZ"
    ]
    station = Station("1211", 38.97, 41.05, 1383.0, channels=channels, site=Site("Solhan"))
    return Inventory([Network("TK", [station])], source="test")


def write(folder: Path, waves: Stream, station_xml: Inventory | None) -> Path:
    path = folder / f"{NAME}.mseed"
    waves.write(str(path), format="MSEED")
    if station_xml is not None:
        station_xml.write(str(folder / f"{NAME}.xml"), format="STATIONXML")
    return path


def test_counts_become_acceleration(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path, stream(), inventory()))
    assert (record.record_id, record.form, record.sampling_rate_hz) == ("20230626064129_1211", "mseed", 100.0)
    assert (record.st_latitude, record.magnitude, record.epicentral_distance_km) == (38.97, None, None)
    expected = np.stack([trace.data for trace in stream()]) / COUNTS_PER_M_S2 * 100
    middle = slice(500, 2500)
    assert np.abs(record.acceleration - expected)[:, middle].max() < 0.01 * np.abs(expected).max()
    assert len(record.sources) == 2


def test_components_are_cut_to_the_common_span(tmp_path: Path) -> None:
    waves = stream()
    waves[1].trim(START + 1.0, START + 25.0)
    (record,) = read(write(tmp_path, waves, inventory()))
    assert record.n_samples == 2401
    assert record.start_time is not None
    assert record.start_time.second == 1


def test_the_accelerometer_is_taken_where_there_are_two_instruments(tmp_path: Path) -> None:
    waves = stream()
    for trace in stream():
        trace.stats.channel = f"HH{trace.stats.channel[2]}"
        waves.append(trace)
    assert read(write(tmp_path, waves, inventory()))[0].pga_cm_s2 < 200


def damaged(kind: str) -> Stream:
    waves = stream()
    if kind == "component":
        waves.pop()
    elif kind == "gap":
        late = waves[0].copy()
        waves[0].trim(endtime=START + 10)
        waves.append(late.trim(START + 15))
    elif kind == "years":
        waves.append(waves[0].copy())
        waves[-1].stats.starttime += 3e8
    elif kind == "rates":
        waves.append(waves[0].copy())
        waves[-1].stats.sampling_rate = 50.0
    elif kind == "stations":
        waves[0].stats.station = "1212"
    elif kind == "rate":
        waves[0].stats.sampling_rate = 50.0
    elif kind == "channel":
        waves[0].stats.channel = "HN1"
    elif kind == "apart":
        waves[0].stats.starttime += 1000
    return waves


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("component", "missing_component"),
        ("gap", "bad_samples"),
        ("years", "bad_samples"),
        ("rates", "component_mismatch"),
        ("stations", "unsupported"),
        ("rate", "component_mismatch"),
        ("channel", "unsupported"),
        ("apart", "component_mismatch"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, kind: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(write(tmp_path, damaged(kind), inventory()))


def test_counts_without_stationxml_are_no_acceleration(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unsupported: no StationXML"):
        read(write(tmp_path, stream(), None))


@pytest.mark.parametrize("content", [b"", b"<xml/>", b"<FDSNStationXML"])
def test_a_broken_stationxml_is_named(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, stream(), None)
    (tmp_path / f"{NAME}.xml").write_bytes(content)
    with pytest.raises(InputError, match=r"bad_header: .*\.xml: "):
        read(path)


def test_a_response_without_stages_is_named(tmp_path: Path) -> None:
    station_xml = inventory()
    for channel in station_xml[0][0]:
        channel.response.response_stages.clear()
    with pytest.raises(InputError, match=r"unsupported: response of TK\.1211\.\.HNE"):
        read(write(tmp_path, stream(), station_xml))


def test_no_miniseed_at_all_is_unreadable(tmp_path: Path) -> None:
    path = write(tmp_path, stream(), inventory())
    path.write_bytes(b"no miniSEED at all" * 50)
    with pytest.raises(InputError, match="unreadable"):
        read(path)


def test_the_response_is_removed_as_obspy_removes_it(shared_data: Path) -> None:
    import zipfile

    with zipfile.ZipFile(shared_data / "tadas/fullSEEDSample.zip") as opened:
        waves = obspy.read(io.BytesIO(opened.read("20230626064129_1211_N.fseed")))
        station_xml = obspy.read_inventory(io.BytesIO(opened.read("20230626064129_1211_N.xml")))
    trace = waves.select(channel="HNE")[0].trim(endtime=waves[0].stats.starttime + 60)
    ours = acceleration(trace.data, 100.0, station_xml[0][0].select(channel="HNE")[0].response)
    trace.data = trace.data.astype(np.float64)
    trace.remove_response(
        station_xml, output="ACC", pre_filt=(0.02, 0.04, 45.0, 49.5), water_level=None, taper_fraction=0.02
    )
    assert np.abs(ours - trace.data).max() < 1e-4 * np.abs(trace.data).max()
