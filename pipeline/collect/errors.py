"""What can go wrong with the Patchworks API.

::

    PatchworksError          no good answer; the collector tries again later
    ├── UnreachableError     nobody answers, too slowly, or the answer is torn
    ├── DeniedError          the key, the token or the password is refused
    ├── ThrottledError       too many requests
    ├── RefusedError         any other status than success
    ├── BadReplyError        an answer that no Patchworks would give
    │   └── TooLongError     a list that is longer than is ever read
    └── ClockError           its clock and ours differ too much

The words never hold a secret, nor more of an answer than its own short message.
"""

from __future__ import annotations


class PatchworksError(Exception):
    """The API did not give a good answer."""


class UnreachableError(PatchworksError):
    """Nobody answers, or the answer breaks off."""


class DeniedError(PatchworksError):
    """Not let in: the key, the e-mail or the password is wrong, or may not read this."""


class ThrottledError(PatchworksError):
    """Asked to wait again and again."""


class RefusedError(PatchworksError):
    """The request was refused.

    Attributes
    ----------
    status
        Of HTTP.
    """

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


class BadReplyError(PatchworksError):
    """No JSON, too large, of a wrong shape, endless, or a redirect to somewhere else."""


class TooLongError(BadReplyError):
    """A list has no end, or more rows than are read at once: ask for less of it.

    Attributes
    ----------
    rows
        How many it has, or has at least.
    """

    def __init__(self, words: str, rows: int) -> None:
        super().__init__(words)
        self.rows = rows


class ClockError(PatchworksError):
    """By its own clock the API lies ahead of ours: one of the two is wrong."""
