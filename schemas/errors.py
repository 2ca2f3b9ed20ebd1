"""What can be wrong with input.

::

    ContractError          it breaks a contract: a field is missing, of the wrong kind, out of range
    └── MalformedError     it is not readable JSON in the first place, or is nested too deeply
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Kind = Literal[
    "json", "depth", "missing", "type", "range", "length", "choice", "instant", "unknown_type",
    "duplicate",
]  # fmt: skip


class ContractError(ValueError):
    """Input that breaks its contract, naming the field at fault.

    The words never repeat the offending value: it may be large, or a secret.

    Attributes
    ----------
    field
        Dotted path, such as ``data.run_id``, or ``[3].time`` in a batch. Empty if the whole
        document is at fault.
    reason
        What is wrong with it, in words that follow the field's name.
    kind
        The same as a slug.
    others
        Further faults of the same event, where the reader looks for all of them.

    Examples
    --------
    >>> print(ContractError("data.run_id", "is required", "missing"))
    data.run_id is required
    """

    def __init__(
        self, field: str, reason: str, kind: Kind, others: tuple[ContractError, ...] = ()
    ) -> None:
        super().__init__(f"{field or 'the input'} {reason}")
        self.field = field
        self.reason = reason
        self.kind: Kind = kind
        self.others = others

    def joined_by(self, others: Iterable[ContractError]) -> ContractError:
        """Return the same fault with further ones of the same event."""
        return type(self)(self.field, self.reason, self.kind, tuple(others))

    def within(self, entry: int) -> ContractError:
        """Return the same fault, placed at one entry of a batch.

        >>> print(ContractError("time", "is required", "missing").within(3))
        [3].time is required
        """
        field = f"[{entry}].{self.field}" if self.field else f"[{entry}]"
        others = tuple(other.within(entry) for other in self.others)
        return type(self)(field, self.reason, self.kind, others)


class MalformedError(ContractError):
    """Input that cannot be read as JSON at all."""
