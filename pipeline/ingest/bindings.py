"""The CloudEvents HTTP binding: one request to raw events in structured JSON.

Source: CloudEvents 1.0.2, "HTTP Protocol Binding", section 3: binary, structured and batched mode.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pipeline.ingest.problems import BadRequestError, InvalidEventError, UnsupportedError, faults_of
from schemas.decode import split_batch
from schemas.errors import ContractError, MalformedError

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_DATA = ("application/json", "")


def mode_of(headers: Mapping[str, str]) -> str:
    """Return the media type of a request that this edge can take.

    Raises
    ------
    UnsupportedError
        If it is neither structured, batched, nor JSON data with ``ce-`` headers.
    """
    media = headers.get("content-type", "").split(";")[0].strip().lower()
    binary = media in _DATA or (media.endswith("+json") and media not in (STRUCTURED, BATCH))
    if media in (STRUCTURED, BATCH) or (binary and "ce-id" in headers):
        return media
    raise UnsupportedError(
        f"content-type must be {STRUCTURED} or {BATCH}, or application/json with ce- headers"
    )


def raw_events(media: str, headers: Mapping[str, str], body: bytes) -> list[bytes]:
    """Return the events of a request, unread.

    Raises
    ------
    BadRequestError
        If a batch is not JSON.
    InvalidEventError
        If a batch is no array.
    """
    if media == STRUCTURED:
        return [body]
    if media == BATCH:
        try:
            return split_batch(body)
        except MalformedError as error:
            raise BadRequestError(str(error), faults_of(error, None)) from None
        except ContractError as error:
            raise InvalidEventError(str(error), faults_of(error, None)) from None
    return [_joined(headers, body)]


def _joined(headers: Mapping[str, str], body: bytes) -> bytes:
    attributes = {
        name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")
    }
    attributes.pop("data", None)
    return json.dumps(attributes)[:-1].encode() + b',"data":' + (body.strip() or b"null") + b"}"
