"""TADAS as a guest: a token, the search for records, and their export."""

from __future__ import annotations

import secrets
import string
import tempfile
from collections.abc import Mapping
from typing import IO, Any

from quakesite.download.answers import first, parsed, text
from quakesite.download.client import Answer, Client
from quakesite.download.faults import Fault, Passing, Reason, Unauthorised
from quakesite.download.settings import DownloadSettings
from quakesite.errors import InputError

NONCE_LETTERS = 20
LONGEST_TOKEN = 10_000
LOGIN_ADVICE = (
    "see docs/download.md: set download.guest_nonce to what your browser sends, or correct "
    "download.login_url and download.fields.token"
)


class Guest:
    """Asks TADAS with a guest's token, which is fetched when first needed and anew when it is refused.

    Attributes:
        logins: tokens fetched so far.
    """

    def __init__(self, client: Client, settings: DownloadSettings) -> None:
        self._client, self._settings = client, settings
        self._headers: dict[str, str] | None = None
        self.logins = 0

    def search(self, body: Mapping[str, Any]) -> Any:
        """Returns the JSON that the search answers, null for none.

        Raises:
            Fault: no such answer.
            InputError: see `Client.ask`; or the token is not accepted.
        """
        url = self._settings.search_url
        with tempfile.TemporaryFile() as content:
            return parsed(url, self._post(url, body, content), content)

    def export(self, body: Mapping[str, Any], into: IO[bytes]) -> Answer:
        """Writes the zip that the export answers to `into`; raises as `search` does."""
        return self._post(self._settings.export_url, body, into)

    def _post(self, url: str, body: Mapping[str, Any], into: IO[bytes]) -> Answer:
        try:
            return self._client.ask("POST", url, into, body=body, headers=self._logged_in())
        except Unauthorised:
            self._headers = None
        try:
            return self._client.ask("POST", url, into, body=body, headers=self._logged_in())
        except Unauthorised as fault:
            expected = "a guest's token, fetched a moment ago, to be accepted"
            raise fault.as_input_error(expected, LOGIN_ADVICE) from fault

    def _logged_in(self) -> dict[str, str]:
        if self._headers is None:
            self._headers = self._login()
        return self._headers

    def _login(self) -> dict[str, str]:
        settings = self._settings
        letters = string.ascii_letters + string.digits
        nonce = settings.guest_nonce or "".join(secrets.choice(letters) for _ in range(NONCE_LETTERS))
        url = settings.login_url.replace("{nonce}", nonce)
        expected = f"JSON with a token ({' or '.join(settings.fields.token)})"
        self.logins += 1
        try:
            with tempfile.TemporaryFile() as content:
                value = parsed(url, self._client.ask("GET", url, content, headers=settings.headers), content)
            token, user_name = self._token_in(url, value)
        except Passing as fault:
            raise fault.as_input_error(expected, "run the same command again later") from fault
        except Fault as fault:
            raise fault.as_input_error(expected, LOGIN_ADVICE) from fault
        return {
            **settings.headers,
            "Accept": "application/json, text/plain, */*",
            "Authorization": f"Bearer {token}",
            "Username": user_name or settings.user_name,
            "IsGuest": "true",
        }

    def _token_in(self, url: str, value: Any) -> tuple[str, str]:
        inner = value.get("data", value.get("result")) if isinstance(value, dict) else None
        for holder in (value, inner):
            if isinstance(holder, dict):
                token = text(first(holder, self._settings.fields.token))
                user_name = text(first(holder, self._settings.fields.user_name))
            else:
                token, user_name = holder if isinstance(holder, str) else "", ""
            if token and _is_sendable(token) and (not user_name or _is_sendable(user_name)):
                return token, user_name
        keys = ", ".join(sorted(map(str, value))) if isinstance(value, dict) else type(value).__name__
        raise Fault(url, Reason.NOT_UNDERSTOOD, f"an answer without a token: {keys[:200]}")


def _is_sendable(word: str) -> bool:
    return word.isascii() and word.isprintable() and " " not in word and len(word) <= LONGEST_TOKEN


def search_trouble(fault: Fault) -> InputError:
    """Returns a fault of the search as the line that ends the command."""
    if isinstance(fault, Passing):
        return fault.as_input_error("JSON with a list of records", "run the same command again later")
    return fault.as_input_error(
        "JSON with a list of records",
        "see docs/download.md: the service may have changed; download.search_url and download.fields say "
        "what is asked and read",
    )
