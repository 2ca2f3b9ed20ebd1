"""The field types every contract is written in: text, counts, durations, instants.

One definition serves both decoders. Pydantic reads it at the edges (HTTP, files, settings,
outputs); :mod:`schemas.structs` turns it into msgspec structs for the worker's hot loop.
Every number is bounded, so no field can carry an infinity or overflow an integer sum.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic import BaseModel as PydanticModel

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Instants outside are refused: they are a producer's defect, and would open windows for ever."""

_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


def parse_instant(value: object) -> datetime:
    """Read an RFC 3339 instant with an offset, exactly as the hot decoder does.

    >>> parse_instant("2026-03-02T10:00:00Z").hour
    10
    """
    if isinstance(value, datetime) and value.tzinfo:
        return value
    try:
        return msgspec.convert(value, _Instant)
    except msgspec.ValidationError:
        raise ValueError(
            "must be an RFC 3339 instant with an offset, such as 2026-03-02T10:00:00Z"
        ) from None


def check_instant(value: datetime) -> datetime:
    """Refuse an instant outside 2000 to 2100."""
    if not EARLIEST <= value < LATEST:
        raise ValueError("must lie between 2000 and 2100")
    return value


Text = Annotated[str, Field(min_length=1, max_length=256)]
LongText = Annotated[str, Field(max_length=65_536)]
Count = Annotated[int, Field(ge=0, le=10**12)]
Quantity = Annotated[float, Field(ge=0, le=1e15)]
"""A non-negative real: milliseconds, seconds, points of cost."""
Real = Annotated[float, Field(ge=-1e18, le=1e18)]
"""Any number a user may want to have watched."""
LogMs = Annotated[float, Field(ge=-20, le=30)]
"""Natural logarithm of a duration in milliseconds."""
Instant = Annotated[datetime, BeforeValidator(parse_instant), AfterValidator(check_instant)]


class Contract(PydanticModel):
    """Base of every contract: frozen, strict about types, tolerant of unknown fields."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="ignore", populate_by_name=True, allow_inf_nan=False
    )
