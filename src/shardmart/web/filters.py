"""What the lists of the shop can be asked for: the parameters of each, and what they mean to the domain."""

from __future__ import annotations

from typing import Any

from shardmart.domain.errors import FieldError, InvalidInput
from shardmart.domain.listings import ListingQuery, Sort, words_of
from shardmart.domain.orders import OrderFilter, Status
from shardmart.web import queries
from shardmart.web.queries import PAGE, Query, Values


def _settle_listing(given: dict[str, Any]) -> None:
    given["sort"] = given["sort"] or (Sort.NEWEST if given["q"] is None else Sort.RELEVANCE).value
    if given["sort"] == Sort.RELEVANCE.value and given["q"] is None:
        raise InvalidInput([FieldError("sort", "relevance needs q")])
    low, high = given["min_price"], given["max_price"]
    if low is not None and high is not None and low > high:
        raise InvalidInput([FieldError("max_price", "is less than min_price")])


def _check_period(given: dict[str, Any]) -> None:
    since, until = given["from"], given["to"]
    if since is not None and until is not None and since > until:
        raise InvalidInput([FieldError("to", "is before from")])


_PERIOD = (
    queries.choice("status", "Only orders in this status.", tuple(status.value for status in Status)),
    queries.moment("from", "Only orders from this moment or day on."),
    queries.moment("to", "Only orders before this moment, or up to the end of this day.", end=True),
)
LISTING = Query(
    (
        queries.text("q", "Words that must all be in the name or category, the last one as a prefix.", longest=200),
        queries.text("category", "Only this category.", longest=60),
        queries.amount("min_price", "Not cheaper than this."),
        queries.amount("max_price", "Not dearer than this."),
        queries.text("seller_id", "Only of this seller.", longest=1_000),
        queries.flag("in_stock", "Only what is in stock."),
        queries.choice(
            "sort", "`relevance` by default with `q`, `newest` otherwise.", tuple(sort.value for sort in Sort)
        ),
        *PAGE,
    ),
    _settle_listing,
)
PAGES = Query(PAGE)
ORDERS = Query((*_PERIOD, *PAGE), _check_period)
USERS = Query(
    (
        queries.text("q", "Beginning of the name or the e-mail.", longest=200),
        queries.choice("role", "Only this role.", ("buyer", "seller", "admin")),
        *PAGE,
    )
)
DAYS = Query((queries.integer("days", "How many days, today included.", least=1, most=365, default=30),))
PHOTO = Query((queries.text("v", "The photo's version, as `image_url` has it.", longest=100),))
NONE = Query()


def listing(values: Values) -> ListingQuery | None:
    """What to look for; None when nothing can match because `q` has no word in it."""
    words = words_of(values["q"] or "")
    if values["q"] is not None and not words:
        return None
    return ListingQuery(
        sort=Sort(values["sort"]),
        words=words,
        category=values["category"],
        seller_id=values["seller_id"],
        min_price=values["min_price"],
        max_price=values["max_price"],
        in_stock=values["in_stock"],
    )


def orders(values: Values, *, buyer_id: str | None = None, seller_id: str | None = None) -> OrderFilter:
    return OrderFilter(
        buyer_id=buyer_id,
        seller_id=seller_id,
        status=Status(values["status"]) if values["status"] else None,
        since=values["from"],
        until=values["to"],
    )
