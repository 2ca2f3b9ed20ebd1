"""The CloudEvents HTTP binding: one request to raw events in structured JSON.

Source: CloudEvents 1.0.2, "HTTP Protocol Binding", section 3: binary, structured and batched mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from pipeline.ingest.problems import BadRequestError, InvalidEventError, UnsupportedError, faults_of
from schemas.binary import joined
from schemas.decode import split_batch
from schemas.errors import ContractError, MalformedError

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_BINARY = "application/json"


def mode_of(headers: Mapping[str, str]) -> str:
    """Return the media type of a request that this edge can take.

    Raises
    ------
    UnsupportedError
        If it is neither structured, batched, nor JSON data with ``ce-`` headers.

    Examples
    --------
    >>> mode_of({"content-type": "application/cloudevents+json; charset=UTF-8"})
    'application/cloudevents+json'
    """
    media = headers.get("content-type", _BINARY).split(";")[0].strip().lower()
    if media in (STRUCTURED, BATCH):
        return media
    json_data = media == _BINARY or media.endswith("+json")
    if json_data and any(name.startswith("ce-") for name in headers):
        return _BINARY
    raise UnsupportedError(
        f"content-type must be {STRUCTURED} or {BATCH}, or {_BINARY} with ce- headers"
    )


def raw_events(media: str, headers: Mapping[str, str], body: bytes) -> list[bytes]:
    """Return the events of a request, each in structured JSON, unread.

    Raises
    ------
    BadRequestError
        If a batch, or the data of binary mode, is not JSON, or a header is not UTF-8.
    InvalidEventError
        If a batch is no array.
    """
    try:
        if media == STRUCTURED:
            return [body]
        if media == BATCH:
            return split_batch(body)
        return [joined(_attributes(headers), body)]
    except MalformedError as error:
        raise BadRequestError(str(error), faults_of(error, None)) from None
    except ContractError as error:
        raise InvalidEventError(str(error), faults_of(error, None)) from None


def _attributes(headers: Mapping[str, str]) -> dict[str, str]:
    """Read ``ce-`` headers; ``ce-observed-at`` is the attribute ``observed_at``."""
    attributes = {"datacontenttype": headers.get("content-type", _BINARY)}
    for header, value in headers.items():
        if header.startswith("ce-"):
            name = header.removeprefix("ce-").replace("-", "_")
            try:
                attributes[name] = unquote(value, errors="strict")
            except UnicodeDecodeError:
                raise BadRequestError(f"header {header} is not percent-encoded UTF-8") from None
    return attributes
