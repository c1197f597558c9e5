"""miniSEED with StationXML, and full SEED."""

from __future__ import annotations

import copy
import io
import itertools
import zipfile
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import numpy as np
import obspy
import pytest
from obspy import Stream, Trace, UTCDateTime
from obspy.core.inventory import Channel, Inventory, Network, Response, Site, Station

from quakesite.errors import InputError
from quakesite.records import inventories, read, seedfile
from quakesite.records.deconvolution import acceleration

from .conftest import Ingested

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


def test_of_several_locations_and_rates_the_first_and_fastest_is_taken(tmp_path: Path) -> None:
    waves, station_xml = Stream(), inventory()
    for location, code, scale in (("00", "HN", 1), ("10", "HN", 2), ("00", "BN", 3)):
        for trace in stream():
            trace.stats.location, trace.stats.channel = location, code + trace.stats.channel[2]
            trace.data = trace.data // scale
            if code == "BN":
                trace.data, trace.stats.sampling_rate = trace.data[::2].copy(), 50.0
            waves.append(trace)
    for channel in station_xml[0][0]:
        channel.location_code = "00"
    (record,) = read(write(tmp_path, waves, station_xml))
    assert (record.location, record.instrument, record.sampling_rate_hz) == ("00", "HN", 100.0)
    assert record.pga_cm_s2 > 45


def unoriented(
    azimuths: tuple[float, float], letters: str = "12Z", dip: float = -90.0
) -> tuple[Stream, Inventory]:
    """The stream as a sensor records it whose first two components point to `azimuths`."""
    waves, station_xml = stream(), inventory()
    east, north = (trace.data.astype(float) for trace in waves[:2])
    for trace, azimuth in zip(waves, azimuths, strict=False):
        angle = np.radians(azimuth)
        trace.data = np.rint(east * np.sin(angle) + north * np.cos(angle)).astype(np.int32)
    if dip > 0:
        waves[2].data = -waves[2].data
    for trace, channel, letter in zip(waves, station_xml[0][0], letters, strict=True):
        trace.stats.channel = channel.code = f"HN{letter}"
    for channel, azimuth, down in zip(station_xml[0][0], (*azimuths, 0.0), (0.0, 0.0, dip), strict=True):
        channel.azimuth, channel.dip = azimuth, down
    return waves, station_xml


@pytest.mark.parametrize("azimuths", [(90.0, 0.0), (0.0, 90.0), (30.0, 120.0), (200.0, 110.0), (10.0, 90.0)])
@pytest.mark.parametrize(("letters", "dip"), [("12Z", -90.0), ("23Z", -90.0), ("123", 90.0)])
def test_components_named_by_number_are_turned_to_east_and_north(
    tmp_path: Path, azimuths: tuple[float, float], letters: str, dip: float
) -> None:
    (record,) = read(write(tmp_path, *unoriented(azimuths, letters, dip)))
    expected = np.stack([trace.data for trace in stream()]) / COUNTS_PER_M_S2 * 100
    middle = slice(500, 2500)
    assert np.abs(record.acceleration - expected)[:, middle].max() < 0.01 * np.abs(expected).max()


def test_components_that_are_not_at_right_angles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unsupported: HN1, HN2, HNZ: the components do not point"):
        read(write(tmp_path, *unoriented((30.0, 60.0))))


def test_components_without_azimuth_are_refused(tmp_path: Path) -> None:
    waves, station_xml = unoriented((30.0, 120.0))
    station_xml[0][0][1].azimuth = None
    with pytest.raises(InputError, match="unsupported: HN1, HN2, HNZ: no azimuth and dip"):
        read(write(tmp_path, waves, station_xml))


def several(folder: Path, name: str = "event.mseed") -> Path:
    """A file of two stations, of which the second recorded twice, and StationXML of both."""
    waves, station_xml = stream(), inventory()
    for later in (0.0, 200.0):
        for trace in stream():
            trace.stats.station, trace.stats.starttime = "1212", trace.stats.starttime + later
            waves.append(trace)
    other = copy.deepcopy(station_xml[0][0])
    other.code = "1212"
    station_xml[0].stations.append(other)
    folder.mkdir(exist_ok=True)
    waves.write(str(folder / name), format="MSEED")
    station_xml.write(str(folder / "stations.xml"), format="STATIONXML")
    return folder / name


IDS = ["20230626064100_1211", "20230626064100_1212", "20230626064420_1212"]


@pytest.mark.parametrize("zipped", [False, True])
def test_several_stations_and_records_in_one_file_are_told_apart(
    tmp_path: Path, ingest: Callable[..., Ingested], zipped: bool
) -> None:
    path = several(tmp_path / "a")
    if zipped:
        with zipfile.ZipFile(tmp_path / "a/all.zip", "w") as opened:
            for one in (path, tmp_path / "a/stations.xml"):
                opened.write(one, one.name)
                one.unlink()
    kept, refused = ingest(tmp_path / "a", max_epicentral_distance_km=None)
    assert (kept, refused) == (IDS, {})
    records = read(tmp_path / "a")
    assert [Path(one.sources[0]).name.partition("#")[2] for one in records] == ["1211", "1212.1", "1212.2"]
    assert [one.n_samples for one in records] == [3000] * 3


def test_a_file_of_several_stations_is_read_by_its_own_path(tmp_path: Path) -> None:
    assert [one.record_id for one in read(several(tmp_path))] == IDS


def test_several_stations_in_a_file_named_after_one_are_refused(tmp_path: Path) -> None:
    path = several(tmp_path, f"{NAME}.mseed")
    (tmp_path / "stations.xml").rename(path.with_suffix(".xml"))
    with pytest.raises(InputError, match="unsupported: 2 stations"):
        read(path)


def epochs(folder: Path, names: tuple[str, ...]) -> None:
    """StationXML of two epochs, of which the second is that of the stream."""
    for name, first, last in zip(names, ("2010-01-01", "2015-01-01"), ("2015-01-01", None), strict=True):
        station_xml = inventory()
        for channel in station_xml[0][0]:
            channel.start_date, channel.end_date = UTCDateTime(first), last and UTCDateTime(last)
        station_xml.write(str(folder / name), format="STATIONXML")


@pytest.mark.parametrize("names", [("1.xml", "2.xml"), ("2.xml", "1.xml"), (f"{NAME}.xml", "2.xml")])
def test_of_several_stationxml_the_one_of_that_time_is_taken(
    tmp_path: Path, ingest: Callable[..., Ingested], names: tuple[str, ...]
) -> None:
    (tmp_path / "a").mkdir()
    write(tmp_path / "a", stream(), None)
    epochs(tmp_path / "a", names)
    kept, refused = ingest(tmp_path / "a", max_epicentral_distance_km=None)
    assert (kept, refused) == (["20230626064129_1211"], {names[0]: "not_a_record"})


def test_a_damaged_stationxml_does_not_hide_a_sound_one(tmp_path: Path) -> None:
    write(tmp_path, stream(), None)
    inventory().write(str(tmp_path / "sound.xml"), format="STATIONXML")
    (tmp_path / f"{NAME}.xml").write_text("<FDSNStationXML")
    (record,) = read(tmp_path, rejects=[])
    assert Path(record.sources[1]).name == "sound.xml"


def test_a_station_that_stands_late_in_a_large_stationxml_is_found(tmp_path: Path) -> None:
    several(tmp_path)
    path = tmp_path / "stations.xml"
    content = path.read_bytes()
    at = content.index(b"<Network")
    path.write_bytes(content[:at] + b"<!--" + b"x" * (5 * 2**20) + b"-->" + content[at:])
    assert [one.record_id for one in read(tmp_path)] == IDS


def test_each_station_of_a_file_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several(tmp_path)
    decoded: list[int] = []
    parsed: list[str] = []
    original_read, original_parse = obspy.read, inventories.from_xml

    def counted(handle: io.BytesIO, **options: str) -> Stream:
        decoded.append(len(handle.getvalue()))
        return original_read(handle, **options)

    def parse(content: bytes, source: str) -> Inventory:
        parsed.append(source)
        return original_parse(content, source)

    monkeypatch.setattr(obspy, "read", counted)
    monkeypatch.setattr(inventories, "from_xml", parse)
    assert [one.record_id for one in read(tmp_path)] == IDS
    assert sum(decoded) == (tmp_path / "event.mseed").stat().st_size
    assert len(decoded) == 3
    assert len(parsed) == 1


def test_a_layout_tells_where_each_part_stands_and_when(tmp_path: Path) -> None:
    content = several(tmp_path).read_bytes()
    layout = seedfile.layout(content)
    assert {name: part.network for name, part in layout.parts.items()} == dict.fromkeys(
        ("1211", "1212.1", "1212.2"), "TK"
    )
    assert layout.control == ()
    places = sorted(place for part in layout.parts.values() for place in part.places)
    assert sum(length for _, length in places) == len(content)
    assert all(sum(one) <= two[0] for one, two in itertools.pairwise(places))
    second = layout.parts["1212.2"]
    assert (second.start - (START + 200).datetime.replace(tzinfo=UTC)).total_seconds() == 0
    assert (second.end - second.start).total_seconds() == pytest.approx(30.0)


def test_a_part_covers_what_its_channels_share(tmp_path: Path) -> None:
    waves = stream()
    waves[1].trim(START + 1.0, START + 25.0)
    part = seedfile.layout(write(tmp_path, waves, None).read_bytes()).parts["1211"]
    start = START.datetime.replace(tzinfo=UTC)
    assert (part.start - start).total_seconds() == pytest.approx(1.0)
    assert (part.end - start).total_seconds() == pytest.approx(25.01)


def test_full_seed_needs_no_stationxml(shared_data: Path, tmp_path: Path) -> None:
    """Its control records give the response that TADAS writes into the XML beside it, and the same place."""
    with zipfile.ZipFile(shared_data / "tadas/fullSEEDSample.zip") as opened:
        opened.extractall(tmp_path)
    (with_xml,) = read(tmp_path / f"{NAME}.fseed")
    (tmp_path / f"{NAME}.xml").unlink()
    (alone,) = read(tmp_path / f"{NAME}.fseed")
    assert len(alone.sources) == 1
    assert (alone.st_latitude, alone.st_longitude) == (with_xml.st_latitude, with_xml.st_longitude)
    difference = np.abs(alone.acceleration - with_xml.acceleration).max()
    assert difference < 1e-3 * with_xml.pga_cm_s2


def test_a_full_seed_volume_of_any_name_is_read(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "tadas/fullSEEDSample.zip") as opened:
        (tmp_path / "volume.seed").write_bytes(opened.read(f"{NAME}.fseed"))
    (record,) = read(tmp_path)
    assert (record.record_id, record.station) == ("20230626064100_1211", "1211")


def test_a_blockette_that_obspy_does_not_know_is_named(shared_data: Path, tmp_path: Path) -> None:
    """ObsPy's SEED parser raises classes of its own, and plain `Exception`."""
    with zipfile.ZipFile(shared_data / "tadas/fullSEEDSample.zip") as opened:
        content = opened.read(f"{NAME}.fseed")
    start = content.index(b"050", content.index(b"S ", 6))
    (tmp_path / f"{NAME}.fseed").write_bytes(content[:start] + b"408" + content[start + 3 :])
    with pytest.raises(InputError, match="bad_header: its control records: Unknown blockette type 408"):
        read(tmp_path / f"{NAME}.fseed")


def test_damaged_control_records_are_named(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "tadas/fullSEEDSample.zip") as opened:
        content = opened.read(f"{NAME}.fseed")
    station = content.index(b"S ", 6)
    (tmp_path / f"{NAME}.fseed").write_bytes(content[: station + 20] + b"X" * 900 + content[station + 920 :])
    with pytest.raises(InputError, match=r"\.fseed: bad_header: its control records: "):
        read(tmp_path / f"{NAME}.fseed")


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
