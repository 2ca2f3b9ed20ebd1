"""One structured event: both decoders take or refuse it alike."""

from __future__ import annotations

from collections.abc import Callable

from schemas.decode import decode_event
from schemas.errors import ContractError
from schemas.validate import validate_event
from tests.fuzz import seeds as known


def seeds() -> list[bytes]:
    return known.examples() + known.corpus()


def check(raw: bytes) -> None:
    hot, cold = refusal(decode_event, raw), refusal(validate_event, raw)
    assert hot == cold, f"the decoders differ: {hot} / {cold}"
    assert len(hot) < 1000, "a refusal repeats what it refuses"


def refusal(read: Callable[[bytes], object], raw: bytes) -> str:
    try:
        read(raw)
    except ContractError as error:
        return str(error)
    return ""
