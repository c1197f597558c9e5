"""Settings of `quakesite download`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from quakesite.settings import Section

Names = Annotated[list[str], Field(min_length=1)]


class DownloadFields(Section):
    """What the services call what is read of their answers: of each list, the first name that is there."""

    token: Names = ["token", "accessToken", "access_token"]
    """Guest login: the token."""

    user_name: Names = ["username", "userName"]
    """Guest login: the user's name; `user_name` where the answer has none."""

    record: Names = ["recordFilename", "recordFile"]
    """Search: the name under which a record is exported."""

    station: Names = ["stationCode"]
    """Search: the station's code."""

    event: Names = ["eventId", "eaEventId"]
    """Search: the event's number."""

    time: Names = ["eventDate", "date"]
    """Search and events: origin time, UTC."""

    magnitude: Names = ["mvalue", "magnitude"]
    """Search and events: magnitude."""

    epicentral_distance_km: Names = ["repi"]
    """Search: epicentral distance in km."""

    pga: Names = ["pga", "pgaMagnitude"]
    """Search: peak ground acceleration in cm/s²."""

    manual: Names = ["isManual"]
    """Search: whether the record was processed by hand (mp)."""

    unprocessed: Names = ["isUnprocessed"]
    """Search: whether the record was never processed."""

    event_id: Names = ["eventID", "eventId", "EventID"]
    """Events: the event's number."""


class DownloadSettings(Section):
    """Where and how `quakesite download` asks AFAD; no stage of the workflow uses it.

    AFAD does not document TADAS's services. What stands here is how public clients use them.
    """

    event_url: str = "https://deprem.afad.gov.tr/apiv2/event/filter"
    """AFAD's event service."""

    login_url: str = "https://ivmeservis.afad.gov.tr/Admin/Login/GuestUser/{nonce}"
    """TADAS's guest login; `{nonce}` is replaced."""

    search_url: str = "https://ivmeservis.afad.gov.tr/Waveforms/GetWaveforms"
    """TADAS's search for records."""

    export_url: str = "https://ivmeprocessguest.afad.gov.tr/ExportData"
    """TADAS's export of records as zips."""

    guest_nonce: str | None = None
    """The last part of the guest login's address. null: a random one. If the login is refused, use the one
    that your browser sends when you enter TADAS as a guest (docs/download.md)."""

    user_name: str = "GuestUser"
    """The user's name sent along with each request."""

    headers: dict[str, str] = {"Origin": "https://tadas.afad.gov.tr", "Referer": "https://tadas.afad.gov.tr/"}
    """Further headers of the requests to TADAS."""

    contact: str | None = None
    """Your e-mail address, told in the User-Agent: who runs the server can then write instead of blocking."""

    fields: DownloadFields = DownloadFields()
    """What the services call what is read of their answers."""

    seconds_between_requests: Annotated[float, Field(ge=0)] = 2.0
    """Pause between the end of one request and the start of the next."""

    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    """Longest silence of a server before a request counts as failed."""

    tries: Annotated[int, Field(ge=1, le=20)] = 5
    """How often a request is sent before it counts as failed. Only what may pass is tried again: timeouts,
    broken connections, 408, 429 and 5xx."""

    backoff_s: Annotated[float, Field(ge=0)] = 5.0
    """Wait before the second try; it doubles from try to try, and up to as much again is added at random."""

    max_wait_s: Annotated[float, Field(gt=0)] = 900.0
    """Longest wait before a try. A server that asks for a longer one (Retry-After) ends the run."""

    give_up_after: Annotated[int, Field(ge=1)] = 25
    """Failed requests in a row that end the run."""

    max_response_mb: Annotated[float, Field(gt=0)] = 256.0
    """Largest answer that is read, in MB; also the most that zips within a zip may unpack to."""

    batch: Annotated[int, Field(ge=1, le=10)] = 10
    """Records asked for at once (guests: 10 at most)."""

    event_days: Annotated[int, Field(ge=1)] = 30
    """Days of events asked for at once."""

    event_limit: Annotated[int, Field(ge=2)] = 1000
    """Most events per answer. The service cuts before it sorts; an answer of that many is thrown away, and
    the two halves of its time span are asked for instead."""

    search_days: Annotated[int, Field(ge=1)] = 30
    """Days of records searched at once."""

    search_limit: Annotated[int, Field(ge=2)] = 2000
    """Rows from which on a search's answer may be cut off: the halves of its time span are asked for then."""

    event_time_format: str = "%Y-%m-%dT%H:%M:%S"
    """How the event service writes times (UTC)."""

    search_time_format: str = "%Y-%m-%dT%H:%M:%S.000Z"
    """How TADAS's search writes times (UTC). Some public clients leave the `.000Z` out; a format that it does
    not like gives an empty answer without a word."""

    @field_validator("event_url", "login_url", "search_url", "export_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError(f"{value!r} is no address; expected https://…")
        return value

    @model_validator(mode="after")
    def _login_takes_a_nonce(self) -> DownloadSettings:
        if self.guest_nonce is not None and "{nonce}" not in self.login_url:
            raise ValueError("login_url: holds no {nonce}, so guest_nonce has no place")
        return self
