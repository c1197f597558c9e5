"""What can go wrong between here and a server, sorted by what to do about it."""

from __future__ import annotations

from enum import StrEnum

from quakesite.errors import InputError


class Reason(StrEnum):
    """Why a record was not fetched. The value is what stands in the `reason` column of `refused.csv`."""

    # final: not asked for again
    HTTP_4XX = "http_4xx"  # the server refuses this record
    MISSING_FROM_ANSWER = "missing_from_answer"  # a good zip, without the record asked for
    EMPTY_ANSWER = "empty_answer"  # no content at all
    MESSAGE = "message"  # words (JSON or text) in place of a zip
    UNSAFE_NAME = "unsafe_name"  # a name that is absolute, holds `..` or cannot be a file's
    NOT_UNDERSTOOD = "not_understood"  # a row of a search's or event list's answer without what is needed
    EMPTY_FILE = "empty_file"  # the record's files hold nothing
    WRONG_FORM = "wrong_form"  # the record in another form than the one asked for
    TOO_LARGE = "too_large"
    # asked for again by the next run
    HTTP_5XX = "http_5xx"
    TOO_MANY_REQUESTS = "too_many_requests"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    HTML_PAGE = "html_page"  # an error page, whatever its status says
    BROKEN_ZIP = "broken_zip"


AGAIN = frozenset(
    {
        Reason.HTTP_5XX,
        Reason.TOO_MANY_REQUESTS,
        Reason.TIMEOUT,
        Reason.CONNECTION,
        Reason.HTML_PAGE,
        Reason.BROKEN_ZIP,
    }
)
"""What may be otherwise next time."""


class Fault(Exception):
    """A request that did not bring what was asked for.

    Args:
        url: the address asked.
        reason: what kind of fault.
        detail: what was found, in one line.
    """

    def __init__(self, url: str, reason: Reason, detail: str) -> None:
        self.url, self.reason, self.detail = url, reason, " ".join(detail.split())
        super().__init__(f"{url}: {self.detail}")

    def as_input_error(self, expected: str, action: str = "") -> InputError:
        """Returns the fault as the one clear line that ends a command."""
        return InputError(self.url, self.detail, expected=expected, action=action)


class Passing(Fault):
    """A fault that may pass: the request is sent again, after `retry_after_s` if the server named a time."""

    def __init__(self, url: str, reason: Reason, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(url, reason, detail)
        self.retry_after_s = retry_after_s


class Unreachable(Passing):
    """No connection to the server at all: no use in asking it anything else."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(url, Reason.CONNECTION, detail)


class Unauthorised(Fault):
    """The server answered 401: the token is missing, wrong or too old."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(url, Reason.HTTP_4XX, detail)


class Forbidden(Fault):
    """The server answered 403: it refuses this record, or whoever asks."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(url, Reason.HTTP_4XX, detail)
