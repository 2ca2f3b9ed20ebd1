"""An event that is well formed but cannot be applied."""

from __future__ import annotations


class RefusedError(ValueError):
    """Says why; ``reason`` is the short form that a dead letter carries."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
