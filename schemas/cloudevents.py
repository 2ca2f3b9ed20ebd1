"""The CloudEvents 1.0 envelope, with the attributes every event of ours carries.

Source: CloudEvents specification 1.0.2, sections "Required Attributes" and "Optional Attributes".
"""

from __future__ import annotations

from typing import Literal

from schemas.fields import Contract, Instant, Text


class Envelope(Contract):
    """What an event says of itself before its data.

    Attributes
    ----------
    id, source
        Together they name the event: the same pair twice is one event.
    time
        When it happened (event time), which decides its window. For ``cogent.flow.window`` the
        start of the window.
    tenant
        The retailer the event belongs to.
    collector
        Who put it in the log, and so whose heartbeats cover it. Without it, ``source`` is.
    observed_at
        When the collector saw it.
    """

    specversion: Literal["1.0"]
    id: Text
    source: Text
    type: Text
    time: Instant
    tenant: Text
    collector: Text | None = None
    environment: Text | None = None
    observed_at: Instant | None = None
    schema_version: Text | None = None
    datacontenttype: Text | None = None
    dataschema: Text | None = None
    subject: Text | None = None
