from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import pytest
from pydantic import Field

from schemas.fields import Contract, Instant
from schemas.structs import struct_of


class UncheckedType(Contract):
    day: date


class UncheckedBound(Contract):
    count: Annotated[int, Field(multiple_of=5)]


class UncheckedInstant(Contract):
    at: datetime


class Moment(Contract):
    at: Instant


@pytest.mark.parametrize("model", [UncheckedType, UncheckedBound, UncheckedInstant])
def test_a_model_with_a_check_that_msgspec_would_skip_is_not_built(model: type[Contract]):
    with pytest.raises(TypeError, match="no struct counterpart"):
        struct_of(model)


def test_a_struct_cannot_be_changed():
    moment = struct_of(Moment)(at=datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(AttributeError):
        moment.at += timedelta(days=1)


def test_a_struct_checks_its_instants_as_it_is_built():
    with pytest.raises(ValueError, match="between 2000 and 2100"):
        struct_of(Moment)(at=datetime(1999, 3, 2, tzinfo=UTC))
