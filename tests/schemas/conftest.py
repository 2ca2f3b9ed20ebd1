from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "schemas" / "json" / "examples"


@pytest.fixture
def examples() -> dict[str, Any]:
    """The committed example of every event type, of a signal and of an alert."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(EXAMPLES.glob("*.json"))}
