"""How long a window is, and how many windows a stretch of time is.

The detectors' constants were measured with windows of a minute. With others, times stay what they
are: a span, a memory or a day holds as many windows as fit in it.
"""

from __future__ import annotations

from typing import NamedTuple


class Width(NamedTuple):
    """Length of a window.

    Examples
    --------
    >>> five = Width(300)
    >>> five.windows(60), five.windows(2), five.windows(2, least=3)
    (12, 1, 3)
    >>> five.rate(0.001), five.rate(0.4)
    (0.005, 1.0)
    """

    seconds: int = 60

    @property
    def minutes(self) -> float:
        """The length in minutes."""
        return self.seconds / 60

    def windows(self, minutes: float, least: int = 1) -> int:
        """How many windows last about so long."""
        return max(least, round(minutes / self.minutes))

    def rate(self, per_minute: float) -> float:
        """How much is learned in a window at a rate of learning per minute."""
        return min(per_minute * self.minutes, 1.0)
