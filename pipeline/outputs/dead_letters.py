"""Dead letters read again: what was put aside, where it came from and why, and how to send it anew.

The other way round is in :mod:`pipeline.outputs.encode`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from pipeline.engine.records import attributes
from pipeline.log.base import BATCH_CONTENT_TYPE, Headers, Output
from schemas.binary import joined
from schemas.decode import split_batch

_PREFIX = "cogentai.error."


class Buried(NamedTuple):
    """A dead letter.

    Attributes
    ----------
    id
        Where the input lies: partition, offset and, within a batch, its place.
    at
        When it was put aside.
    headers
        Of the record it came in.
    """

    id: str
    at: datetime
    reason: str
    detail: str
    in_batch: bool
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def whose(self) -> str:
        """The tenant and flow it was keyed by, if any."""
        return (self.key or b"").decode("utf-8", "backslashreplace")

    def originals(self) -> list[bytes]:
        """Return the events it holds, in structured JSON, as they would be sent today.

        Raises
        ------
        ContractError
            If they cannot be told apart.
        """
        headers = dict(self.headers)
        if self.value is None:
            return []
        if self.in_batch:
            return [self.value]
        if headers.get("content-type", b"").split(b";")[0].strip() == BATCH_CONTENT_TYPE:
            return split_batch(self.value)
        return [joined(attributes(headers), self.value) if "ce_id" in headers else self.value]


def exhumed(output: Output, at: datetime) -> Buried:
    """Read a dead letter.

    Examples
    --------
    >>> from pipeline.engine.emissions import DeadLetter
    >>> from pipeline.outputs.encode import encode
    >>> letter = DeadLetter(7, 2, "json", "is not JSON", b"acme:orders", b"{", ())
    >>> [output] = encode([letter], topic="patchworks.events.v1", partition=3)
    >>> buried = exhumed(output, datetime(2026, 3, 2))
    >>> buried.id, buried.reason, buried.whose, buried.originals()
    ('3-7-2', 'json', 'acme:orders', [b'{'])
    """
    told: dict[str, Any] = {
        name.removeprefix(_PREFIX): value.decode("utf-8", "replace")
        for name, value in output.headers
        if name.startswith(_PREFIX)
    }
    place = [told[name] for name in ("partition", "offset", "entry") if name in told]
    return Buried(
        "-".join(place),
        at,
        told.get("reason", "unknown"),
        told.get("detail", ""),
        "entry" in told,
        output.key,
        output.value,
        tuple(header for header in output.headers if not header[0].startswith(_PREFIX)),
    )
