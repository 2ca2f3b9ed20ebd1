from __future__ import annotations

import pytest

from tests.pipeline.engine.shop import NOW, THURSDAY, Shop


@pytest.fixture(scope="session")
def learned() -> bytes:
    """The engine after four days and a morning of plain traffic."""
    shop = Shop()
    shop.play((NOW - THURSDAY) // 60)
    return shop.engine.snapshot()


@pytest.fixture
def shop(learned: bytes) -> Shop:
    """The shop on Monday at six."""
    return Shop(learned)
