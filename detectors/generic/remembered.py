"""What the parts of a detector of one series remember, declared by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np


class Remembered:
    """Something whose whole state is the attributes named in ``remembers``.

    An attribute is a number, a string, an array, a list of numbers, or a part of this kind.

    Examples
    --------
    >>> class Counter(Remembered):
    ...     remembers = ("n",)
    ...     n = 3
    >>> Counter().state()
    {'n': 3}
    """

    remembers: ClassVar[tuple[str, ...]]

    def state(self) -> dict[str, Any]:
        """Everything remembered, as plain values and arrays."""
        return {name: _written(getattr(self, name)) for name in self.remembers}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state again; what follows is the same to the bit."""
        for name in self.remembers:
            own = getattr(self, name)
            if isinstance(own, Remembered):
                own.restore(state[name])
            else:
                setattr(self, name, _written(state[name]))


def _written(value: Any) -> Any:
    if isinstance(value, Remembered):
        return value.state()
    return value.copy() if isinstance(value, np.ndarray | list) else value
