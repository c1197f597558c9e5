"""A polite HTTP client: one request at a time, pauses, retries of what may pass, answers of limited size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, metadata
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

import requests
import tenacity
from requests.adapters import HTTPAdapter

from quakesite import __version__
from quakesite.download.clock import Clock
from quakesite.download.faults import Fault, Forbidden, Passing, Reason, Unauthorised, Unreachable
from quakesite.download.settings import DownloadSettings
from quakesite.errors import InputError
from quakesite.progress import say

PIECE = 2**16
SECONDS_TO_CONNECT = 15.0
REQUEST_TIMEOUT, UNAUTHORISED, FORBIDDEN, TOO_MANY_REQUESTS = 408, 401, 403, 429
LONGEST_DETAIL = 200


class Answer(NamedTuple):
    """What a server sent: its status, its Content-Type, its first bytes, and how many there are."""

    status: int
    content_type: str
    head: bytes
    size: int


class Client:
    """Sends requests one after another, `seconds_between_requests` apart.

    Attributes:
        sent: requests sent so far, tries included.
    """

    def __init__(self, settings: DownloadSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._session = requests.Session()
        self._session.mount("https://", HTTPAdapter(max_retries=0))
        self._session.mount("http://", HTTPAdapter(max_retries=0))
        self._session.headers["User-Agent"] = user_agent(settings.contact)
        self._ended: float | None = None
        self.sent = 0

    def ask(
        self,
        method: str,
        url: str,
        into: IO[bytes],
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends a request and writes the answer's body to `into`, from its start.

        Args:
            method: GET or POST. A GET follows redirections, a POST must not be turned into a GET by one.
            url: the address.
            into: a file open for reading and writing, emptied before each try.
            query: what stands after `?`.
            body: sent as JSON.
            headers: further headers.

        Raises:
            Passing: a fault that might have passed, and did not within `tries`.
            Unauthorised: 401.
            Forbidden: 403.
            Fault: another refusal, or an answer larger than `max_response_mb`.
            InputError: the address, the certificate or a redirection is wrong, or the server asks for a
                longer pause than `max_wait_s`.
        """

        def once() -> Answer:
            return self._once(method, url, into, query, body, headers)

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._settings.tries),
            wait=self._wait_s,
            sleep=self._clock.sleep,
            retry=tenacity.retry_if_exception_type(Passing),
            before_sleep=self._tell,
            reraise=True,
        )
        return retrying(once)

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def _once(
        self,
        method: str,
        url: str,
        into: IO[bytes],
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        into.seek(0)
        into.truncate()
        self._pause()
        self.sent += 1
        try:
            with self._session.request(
                method,
                url,
                params=query,
                json=body,
                headers=headers,
                stream=True,
                timeout=(SECONDS_TO_CONNECT, self._settings.timeout_s),
                allow_redirects=method == "GET",
            ) as response:
                return self._received(url, response, into)
        except requests.RequestException as error:
            raise _fault_of(url, error) from error
        finally:
            self._ended = self._clock.monotonic()

    def _received(self, url: str, response: requests.Response, into: IO[bytes]) -> Answer:
        if response.is_redirect:
            raise InputError(
                url,
                f"has moved to {response.headers.get('Location', '')}",
                action="if that is AFAD's, set the address in the configuration's `download` section",
            )
        limit = int(self._settings.max_response_mb * 1e6)
        size, head = 0, b""
        for piece in response.iter_content(PIECE):
            size += len(piece)
            if size > limit:
                found = f"an answer of more than {self._settings.max_response_mb:g} MB"
                raise Fault(url, Reason.TOO_LARGE, found)
            head = head or piece[:4096]
            into.write(piece)
        into.flush()
        answer = Answer(response.status_code, response.headers.get("Content-Type", ""), head, size)
        self._judge(url, answer, response.headers.get("Retry-After"))
        return answer

    def _judge(self, url: str, answer: Answer, retry_after: str | None) -> None:
        status = answer.status
        if status < 400:
            return
        detail = f"HTTP {status} {words(answer.head)}"
        if status == UNAUTHORISED:
            raise Unauthorised(url, detail)
        if status == FORBIDDEN:
            raise Forbidden(url, detail)
        if status == TOO_MANY_REQUESTS:
            raise Passing(url, Reason.TOO_MANY_REQUESTS, detail, self._named_wait_s(url, retry_after))
        if status == REQUEST_TIMEOUT:
            raise Passing(url, Reason.TIMEOUT, detail, self._named_wait_s(url, retry_after))
        if status >= 500:
            raise Passing(url, Reason.HTTP_5XX, detail, self._named_wait_s(url, retry_after))
        raise Fault(url, Reason.HTTP_4XX, detail)

    def _named_wait_s(self, url: str, retry_after: str | None) -> float | None:
        """Returns the seconds that a Retry-After header asks for, as a number or as a date (RFC 9110)."""
        if retry_after is None:
            return None
        try:
            seconds = float(retry_after)
        except ValueError:
            try:
                date = parsedate_to_datetime(retry_after)
            except ValueError:
                return None
            date = date if date.tzinfo else date.replace(tzinfo=UTC)
            seconds = (date - datetime.fromtimestamp(self._clock.now(), UTC)).total_seconds()
        if not seconds <= self._settings.max_wait_s:
            raise InputError(
                url,
                f"asks for a pause of {seconds:.0f} s",
                expected=f"at most download.max_wait_s = {self._settings.max_wait_s:g} s",
                action="run the same command again after that; it goes on where it stopped",
            )
        return max(seconds, 0.0)

    def _pause(self) -> None:
        if self._ended is not None:
            left = self._ended + self._settings.seconds_between_requests - self._clock.monotonic()
            if left > 0:
                self._clock.sleep(left)

    def _wait_s(self, state: tenacity.RetryCallState) -> float:
        exponential = self._settings.backoff_s * 2.0 ** (state.attempt_number - 1)
        fault = state.outcome.exception() if state.outcome else None
        named = fault.retry_after_s if isinstance(fault, Passing) else None
        if named is not None:
            return named + self._settings.backoff_s * self._clock.chance()
        return min(exponential * (1.0 + self._clock.chance()), self._settings.max_wait_s)

    def _tell(self, state: tenacity.RetryCallState) -> None:
        fault = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        say(f"{fault}; try {state.attempt_number + 1} of {self._settings.tries} in {wait:.0f} s")


def _fault_of(url: str, error: requests.RequestException) -> Exception:
    host = urlsplit(url).netloc
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return InputError(
            url,
            "its certificate is not accepted",
            expected=f"a certificate of {host} that this machine trusts",
            action="check the date of this machine and whether a proxy stands between",
        )
    if isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(error):
        return Unreachable(url, f"no connection to {host}")
    if isinstance(error, requests.Timeout):
        return Passing(url, Reason.TIMEOUT, f"no answer from {host} in time")
    cut = (
        requests.ConnectionError,
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ContentDecodingError,
    )
    if isinstance(error, cut):
        return Passing(url, Reason.CONNECTION, f"the connection broke ({type(error).__name__})")
    return InputError(url, str(error), expected="an address that can be asked")


def words(head: bytes) -> str:
    """Returns the first words of an answer without tags, for messages."""
    text = re.sub(r"(?is)<(script|style)\b.*?</\1>|<[^>]*>", " ", head.decode("utf-8", "replace"))
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())[:LONGEST_DETAIL]


def user_agent(contact: str | None) -> str:
    """Returns who asks: quakesite, its version, its page and how to reach whoever runs it."""
    try:
        pages = metadata("quakesite").get_all("Project-URL") or []
    except PackageNotFoundError:
        pages = []
    home = [page.split(", ", 1)[1] for page in pages if page.lower().startswith("homepage, ")]
    about = "; ".join(filter(None, [*(f"+{page}" for page in home[:1]), contact]))
    agent = f"quakesite/{__version__}" + (f" ({about})" if about else "")
    return agent.encode("ascii", "replace").decode()
