"""The error of one file or record that is refused; it becomes a row of the rejects table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from quakesite.errors import InputError
from quakesite.records.opening import BROKEN_ZIP, TooLarge, file_name
from quakesite.rejects import Reason, Reject


class Refusal(InputError):
    """One source is refused, for one reason of the enum.

    Args:
        source: path of the file, members of zips after `!`.
        reason: why.
        detail: what was found, and what was expected.
    """

    def __init__(self, source: str, reason: Reason, detail: str) -> None:
        super().__init__(source, f"{reason}: {detail}")
        self.source, self.reason, self.detail = source, reason, " ".join(detail.split())

    def rejects(self, record_id: str, sources: list[str]) -> list[Reject]:
        """Returns a row for each of the `sources` that are lost because this one was refused."""
        rows = []
        for source in sources:
            detail = self.detail
            if source != self.source:
                detail = f"{file_name(self.source)}: {detail}"
            rows.append(Reject(record_id, source, "records", self.reason, detail))
        return rows


@contextmanager
def unreadable(source: str) -> Iterator[None]:
    """Turns what goes wrong while the bytes of `source` are read into a `Refusal`."""
    try:
        yield
    except TooLarge as error:
        raise Refusal(source, Reason.TOO_LARGE, str(error)) from None
    except (*BROKEN_ZIP, KeyError) as error:
        raise Refusal(source, Reason.UNREADABLE, str(error) or type(error).__name__) from None
