"""What is fuzzed: one module a target, found by its name.

A target is a module with ``seeds()``, inputs that are good or nearly so, and ``check(raw)``, which
raises for any input that is not handled as documented, and may return the milliseconds of work that
the input rightly asks for. It may name ``WORDS`` that a mutation puts in, and the ``LONGEST`` input
in bytes.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LONGEST = 8192
"""Bytes of an input, unless the target says otherwise: a few events."""

Check = Callable[[bytes], float | None]

NAMES = tuple(sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem != "__init__"))


@dataclass(frozen=True)
class Target:
    """Something that reads what others wrote."""

    name: str
    about: str
    seeds: Callable[[], list[bytes]]
    check: Check
    words: tuple[bytes, ...]
    longest: int


def load(name: str) -> Target:
    """Import a target, and so the code it is about."""
    module = importlib.import_module(f"{__name__}.{name}")
    return Target(
        name,
        (module.__doc__ or "").partition("\n")[0],
        module.seeds,
        module.check,
        getattr(module, "WORDS", ()),
        getattr(module, "LONGEST", LONGEST),
    )
