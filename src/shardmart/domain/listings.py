"""Products as they are offered, and how they are looked for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

_WORD = re.compile(r"[^\W_]+")
DEFAULT_LOW_STOCK_THRESHOLD = 5
SEARCH_CANDIDATES = 1_000  # relevance ranks no more than this many matches
MAX_SEARCH_WORDS = 10


@dataclass(slots=True)
class Product:
    """Not frozen: listings make hundreds of these a second and a frozen one costs three times as much."""

    id: str
    seller_id: str
    seller_name: str
    name: str
    description: str
    price: Decimal
    stock: int
    category: str
    low_stock_threshold: int
    is_active: bool
    image_url: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class Sort(str, Enum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    NAME = "name"


@dataclass(slots=True, frozen=True)
class ListingQuery:
    """What a catalogue page shows. Absent filters are None."""

    sort: Sort = Sort.NEWEST
    words: tuple[str, ...] = ()  # folded; all must match, the last one as a prefix
    category: str | None = None
    seller_id: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool = False


@dataclass(slots=True, frozen=True)
class NewProduct:
    """What a seller says of a product that is not there yet."""

    name: str
    price: Decimal
    stock: int
    category: str
    description: str = ""
    low_stock_threshold: int | None = None


@dataclass(slots=True, frozen=True)
class ProductChanges:
    """Fields to change; None leaves a field as it is. `stock` is an absolute count."""

    name: str | None = None
    description: str | None = None
    price: Decimal | None = None
    stock: int | None = None
    category: str | None = None
    low_stock_threshold: int | None = None

    def is_empty(self) -> bool:
        return all(getattr(self, field) is None for field in self.__slots__)

    def are_in(self, product: Product) -> bool:
        """Whether the product is so already."""
        return all(getattr(self, field) in (None, getattr(product, field)) for field in self.__slots__)


@dataclass(slots=True, frozen=True)
class CategoryCount:
    name: str
    count: int


def fold(text: str) -> str:
    """`text` without case and accents, for comparing and sorting: «Ångström» -> «angstrom».

    Decomposed on both sides of the case folding: «℡» becomes «TEL» by the first, and folding twice changes nothing.
    """
    if text.isascii():
        return text.lower()
    decomposed = _decomposed(_decomposed(text).casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFKD", text)


def words_of(text: str) -> tuple[str, ...]:
    """The folded words of `text`, in order, each once."""
    return tuple(dict.fromkeys(_WORD.findall(fold(text))))
