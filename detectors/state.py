"""What detectors remember of many flows: named arrays whose last axis is the flow.

The layout keeps the same entry of neighbouring flows side by side, because flows are stepped
together and mostly touch the same entry (this minute's slot, this minute's place in a ring).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from detectors.columns import Bools, Ints


class Rows(NamedTuple):
    """The flows a step speaks of: their row numbers, and the cheapest index that selects them."""

    numbers: Ints
    at: slice | Ints

    @classmethod
    def of(cls, numbers: Ints) -> Self:
        """Select rows by strictly increasing numbers; an unbroken range becomes a slice.

        Examples
        --------
        >>> Rows.of(np.array([2, 3, 4])).at
        slice(2, 5, None)
        """
        if not len(numbers):
            return cls(numbers, slice(0, 0))
        first, last = int(numbers[0]), int(numbers[-1])
        unbroken = last - first + 1 == len(numbers)
        return cls(numbers, slice(first, last + 1) if unbroken else numbers)

    def series(self, each: int) -> Self:
        """Rows of a model in which flows have several series ``each``, side by side.

        >>> Rows.of(np.array([2, 4])).series(3).numbers
        array([ 6,  7,  8, 12, 13, 14])
        """
        return self.of((self.numbers[:, None] * each + np.arange(each)).ravel())

    def only(self, mask: Bools) -> Self:
        """Those of the rows where ``mask`` is true."""
        return self if mask.all() else self.of(self.numbers[mask])


def apart(array: NDArray[Any], series: int) -> NDArray[Any]:
    """View rows of several ``series`` of each flow as shape (..., series, flows).

    >>> apart(np.arange(6), 3)[0].tolist()
    [0, 3]
    """
    return array.reshape(*array.shape[:-1], -1, series).swapaxes(-1, -2)


class Column(NamedTuple):
    """How one array of the state begins: its value in a fresh row, and its shape beside rows."""

    fresh: float
    shape: tuple[int, ...]
    dtype: DTypeLike


def column(fresh: float = 0.0, *shape: int, dtype: DTypeLike = np.float64) -> Any:
    """Declare an array of a `FlowState`: shape ``(*shape, flows)``, filled with ``fresh``."""
    return Column(fresh, shape, dtype)


class FlowState:
    """Arrays that grow together, declared with `column`, and parts that are such states too.

    Parameters
    ----------
    series
        Rows that each flow has here, side by side; `Rows.series` selects them.

    Examples
    --------
    >>> class Ages(FlowState):
    ...     age: NDArray[np.float64] = column(1.0)
    >>> ages = Ages()
    >>> ages.reserve(2)
    >>> ages.age
    array([1., 1.])
    """

    def __init__(self, series: int = 1) -> None:
        self.series = series
        declared: dict[str, Any] = {}
        for owner in reversed(type(self).__mro__):
            declared.update(vars(owner))
        declared.update(vars(self))
        self._columns = {k: v for k, v in declared.items() if isinstance(v, Column)}
        for name, spec in self._columns.items():
            setattr(self, name, np.empty((*spec.shape, 0), spec.dtype))

    def reserve(self, rows: int) -> None:
        """Make room for ``rows`` flows; new rows are fresh, existing ones keep their values."""
        for name, spec in self._columns.items():
            old = getattr(self, name)
            new = np.full((*spec.shape, rows), spec.fresh, spec.dtype)
            new[..., : old.shape[-1]] = old
            setattr(self, name, new)
        for _, part in self._parts():
            part.reserve(rows * part.series)

    def state(self, rows: int) -> dict[str, NDArray[Any]]:
        """Every array by its dotted name, cut to the first ``rows`` flows (views, not copies)."""
        arrays = {name: getattr(self, name)[..., :rows] for name in self._columns}
        for prefix, part in self._parts():
            own = part.state(rows * part.series)
            arrays |= {f"{prefix}.{name}": array for name, array in own.items()}
        return arrays

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up the arrays of `state`; room for their rows must have been reserved.

        Raises
        ------
        ValueError
            An array is missing, or has another shape or dtype than this version of the state.
        """
        for name, own in self.state(self._capacity()).items():
            given = state.get(name)
            if given is None:
                raise ValueError(f"detector state lacks the array {name!r}")
            if given.dtype != own.dtype or given.shape[:-1] != own.shape[:-1]:
                raise ValueError(
                    f"detector state: {name!r} is {given.dtype}{given.shape}, "
                    f"expected {own.dtype} and shape {own.shape[:-1]} beside the rows"
                )
            own[..., : given.shape[-1]] = given

    def forget(self, rows: Rows) -> None:
        """Make rows fresh again."""
        for name, spec in self._columns.items():
            getattr(self, name)[..., rows.at] = spec.fresh
        for _, part in self._parts():
            part.forget(rows.series(part.series))

    def _capacity(self) -> int:
        for name in self._columns:
            return int(getattr(self, name).shape[-1])
        return next((part._capacity() for _, part in self._parts()), 0)  # noqa: SLF001 - own kind

    def _parts(self) -> Iterator[tuple[str, FlowState]]:
        return ((k, v) for k, v in vars(self).items() if isinstance(v, FlowState))
