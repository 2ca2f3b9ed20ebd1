"""The Core API's query conventions: ``filter[key]``, ``include``, ``sort``, ``page``, envelopes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import URL, QueryParams

PER_PAGE = 15
"""What a page holds unless asked otherwise, as Laravel has it."""
MOST_PER_PAGE = 100

Row = dict[str, Any]
"""An object as the API shows it. Instants are still ``datetime``."""


class RefusedError(Exception):
    """The request is answered with an error; ``body`` is what Laravel would say."""

    def __init__(self, status: int, message: str, **body: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, **body}


@dataclass(frozen=True, slots=True)
class Query:
    """What a list was asked for."""

    filters: dict[str, tuple[str, ...]]
    includes: frozenset[str]
    sort: str
    page: int
    per_page: int

    @classmethod
    def parse(
        cls, params: QueryParams, *, filters: Collection[str], includes: Collection[str] = ()
    ) -> Query:
        """Read the parameters of a URL.

        Raises
        ------
        RefusedError
            400 for a filter or include the endpoint does not have, 422 for a page that is none.
        """
        wanted = {
            key[len("filter[") : -1]: tuple(value.split(","))
            for key, value in params.items()
            if key.startswith("filter[") and key.endswith("]")
        }
        included = frozenset(filter(None, params.get("include", "").split(",")))
        _allow("filter", wanted, filters)
        _allow("include", included, includes)
        return cls(
            filters=wanted,
            includes=included,
            sort=params.get("sort", ""),
            page=_positive(params, "page", 1),
            per_page=min(_positive(params, "per_page", PER_PAGE), MOST_PER_PAGE),
        )

    def one_of(self, key: str, value: object) -> bool:
        """Tell whether a value passes a filter; commas mean or."""
        return key not in self.filters or str(value) in self.filters[key]

    def flag(self, key: str) -> bool:
        """Tell whether a filter asks for those that have something."""
        return self.filters.get(key, ("",))[0] in {"true", "1"}

    def milliseconds(self, key: str, otherwise: int) -> int:
        """Return the instant of a filter.

        Raises
        ------
        RefusedError
            422 if it is no number of Unix milliseconds.
        """
        if key not in self.filters:
            return otherwise
        text = self.filters[key][0]
        if not text.removeprefix("-").isdecimal():
            raise _invalid(f"filter.{key}", f"The filter.{key} field must be an integer.")
        return int(text)

    def slice(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return the page asked for."""
        first = (self.page - 1) * self.per_page
        return rows[first : first + self.per_page]


def envelope(query: Query, url: URL, total: int, data: list[Row]) -> dict[str, Any]:
    """Put a page in its envelope; ``meta`` tells what was given, whatever was asked for."""
    last = max(-(-total // query.per_page), 1)
    first = (query.page - 1) * query.per_page + 1

    def link(page: int) -> str:
        return str(url.include_query_params(page=page))

    return {
        "data": data,
        "links": {
            "first": link(1),
            "last": link(last),
            "prev": link(query.page - 1) if query.page > 1 else None,
            "next": link(query.page + 1) if query.page < last else None,
        },
        "meta": {
            "current_page": query.page,
            "from": first if data else None,
            "last_page": last,
            "path": str(url.replace(query="")),
            "per_page": query.per_page,
            "to": first + len(data) - 1 if data else None,
            "total": total,
        },
    }


def _allow(kind: str, wanted: Collection[str], allowed: Collection[str]) -> None:
    if unknown := sorted(set(wanted) - set(allowed)):
        raise RefusedError(400, f"Requested {kind}(s) `{', '.join(unknown)}` are not allowed.")


def _positive(params: QueryParams, key: str, otherwise: int) -> int:
    text = params.get(key, str(otherwise))
    if not text.isdecimal() or int(text) < 1:
        raise _invalid(key, f"The {key} field must be at least 1.")
    return int(text)


def _invalid(field: str, message: str) -> RefusedError:
    return RefusedError(422, message, errors={field: [message]})
