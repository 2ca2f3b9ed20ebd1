"""A broker that somebody else runs, by its address."""

from __future__ import annotations

from typing import NoReturn

from tests.broker.base import Broker


class ExternalBroker(Broker):
    """It is only spoken to, never hurt."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def start(self) -> None:
        """It runs already."""

    def stop(self) -> None:
        """It goes on running."""

    def kill(self) -> NoReturn:
        raise AssertionError(f"the broker at {self.bootstrap} is not ours to disturb")

    restart = pause = resume = kill
