"""Request bodies. Strict: no field is converted, invented or ignored. The OpenAPI document is made from these."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
)

from shardmart.domain import money
from shardmart.domain.accounts import MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARACTERS
from shardmart.domain.errors import FieldError, InvalidInput
from shardmart.domain.listings import ProductChanges
from shardmart.domain.orders import MAX_LINES, MAX_QUANTITY
from shardmart.domain.purchase import Line
from shardmart.domain.stock import MAX_STOCK

MOST_ERRORS, LONGEST_FIELD = 20, 100
MAX_TOTAL = money.MAX_PRICE * MAX_QUANTITY * MAX_LINES
LONGEST_PASSWORD_TO_TRY = 1_024
_EMAIL = r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f]+$"


def _amount(least: Decimal, most: Decimal) -> Callable[[Any], Decimal]:
    def check(value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            raise ValueError("must be a number")
        amount = money.exact(value)
        if not least <= amount <= most:
            raise ValueError(f"must be between {least} and {most}")
        return amount

    return check


def _amount_schema(least: Decimal, most: Decimal) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "number", "minimum": float(least), "maximum": float(most), "multipleOf": 0.01, "example": 12.5}
    )


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("must not be null; leave it out")
    return value


def _bytes(least: int, most: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not least <= len(value.encode()) <= most:
            raise ValueError(f"must have between {least} and {most} bytes")
        return value

    return check


Price = Annotated[
    Decimal,
    PlainValidator(_amount(money.MIN_PRICE, money.MAX_PRICE)),
    _amount_schema(money.MIN_PRICE, money.MAX_PRICE),
]
Total = Annotated[Decimal, PlainValidator(_amount(Decimal(0), MAX_TOTAL)), _amount_schema(Decimal(0), MAX_TOTAL)]
_ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"  # and not of blanks alone
_NO_NUL = r"^[^\x00]*$"
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_ONE_LINE, examples=["Assam, 100 g"])]
Description = Annotated[str, Field(max_length=5_000, pattern=_NO_NUL, examples=["Malty."])]
Category = Annotated[str, Field(min_length=1, max_length=60, pattern=_ONE_LINE, examples=["Tea"])]
Stock = Annotated[int, Field(ge=0, le=MAX_STOCK)]
Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
_AN_ID = "6553f1a2c4d5e6f708192a3b-7a64e2b3d5c6f708192a3b4c"
Id = Annotated[str, Field(min_length=1, max_length=100, examples=[_AN_ID[:24]])]
NotificationId = Annotated[str, Field(min_length=1, max_length=100, examples=[f"{_AN_ID}-placed"])]
GivenOrLeftOut = BeforeValidator(_not_null)  # for fields whose default None means «left out»


class Body(BaseModel):
    """A JSON object with exactly these fields."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    def given(self) -> dict[str, Any]:
        """The fields that the client sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Registration(Body):
    name: Name
    email: Annotated[str, Field(max_length=254, pattern=_EMAIL, examples=["ada@example.com"])]
    password: Annotated[
        str,
        Field(min_length=MIN_PASSWORD_CHARACTERS, max_length=72, pattern=_NO_NUL, examples=["seven pots of tea"]),
        AfterValidator(_bytes(1, MAX_PASSWORD_BYTES)),
    ]
    role: Literal["buyer", "seller"] = "buyer"


class Credentials(Body):
    email: Annotated[str, Field(min_length=1, max_length=254, examples=["buyer@demo.com"])]
    password: Annotated[
        str,
        Field(min_length=1, max_length=LONGEST_PASSWORD_TO_TRY, examples=["demo123"]),
        AfterValidator(_bytes(1, LONGEST_PASSWORD_TO_TRY)),
    ]


class NewProduct(Body):
    name: Name
    description: Description = ""
    price: Price
    stock: Stock
    category: Category
    low_stock_threshold: Annotated[Stock | None, GivenOrLeftOut] = None
    seller_id: Annotated[Id | None, GivenOrLeftOut] = None


class ProductEdit(Body):
    name: Annotated[Name | None, GivenOrLeftOut] = None
    description: Annotated[Description | None, GivenOrLeftOut] = None
    price: Annotated[Price | None, GivenOrLeftOut] = None
    stock: Annotated[Stock | None, GivenOrLeftOut] = None
    category: Annotated[Category | None, GivenOrLeftOut] = None
    low_stock_threshold: Annotated[Stock | None, GivenOrLeftOut] = None
    expected_version: Annotated[Annotated[int, Field(ge=1, le=2**53)] | None, GivenOrLeftOut] = None

    def changes(self) -> ProductChanges:
        return ProductChanges(**{k: v for k, v in self.given().items() if k != "expected_version"})


class StockChange(Body):
    delta: Annotated[int, Field(ge=-MAX_STOCK, le=MAX_STOCK)]
    reason: Annotated[str, Field(max_length=200, pattern=_NO_NUL)] = ""


class CartQuantity(Body):
    quantity: Annotated[int, Field(ge=0, le=MAX_QUANTITY)]


class OrderLineWanted(Body):
    product_id: Annotated[str, Field(examples=[_AN_ID])]  # an impossible one is unknown, not malformed
    quantity: Quantity


class Purchase(Body):
    items: Annotated[
        Annotated[list[OrderLineWanted], Field(min_length=1, max_length=MAX_LINES)] | None, GivenOrLeftOut
    ] = None
    expected_total: Annotated[Total | None, GivenOrLeftOut] = None

    def lines(self) -> list[Line] | None:
        """The lines, None when the cart is meant."""
        return None if self.items is None else [Line(item.product_id, item.quantity) for item in self.items]


class LoadPlan(Body):
    buyers: Annotated[int, Field(ge=1, le=50, examples=[10])]
    seconds: Annotated[int, Field(ge=1, le=600, examples=[30])]
    strategy: Annotated[Literal["auto", "group", "transaction", "reservation", "naive"] | None, GivenOrLeftOut] = None


class OrderStatus(Body):
    status: Literal["completed", "cancelled"]


class NotificationsRead(Body):
    """Either `ids` or `all`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["ids"]}, {"required": ["all"]}],
            "example": {"ids": [f"{_AN_ID}-placed"]},
        }
    )

    ids: Annotated[Annotated[list[NotificationId], Field(min_length=1, max_length=100)] | None, GivenOrLeftOut] = None
    all: Annotated[Literal[True] | None, GivenOrLeftOut] = None

    def chosen(self) -> list[str] | None:
        """The ids, None for all. Raises InvalidInput when both or neither are given."""
        if (self.ids is None) == (self.all is None):
            raise InvalidInput([FieldError("ids", "either ids or all")])
        return self.ids


def read(schema: type[Body], value: dict[str, Any]) -> Body:
    """`value` as `schema`. Raises InvalidInput that names every wrong field."""
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidInput(
            [FieldError(_dotted(one["loc"]), _sentence(one["msg"])) for one in wrong[:MOST_ERRORS]]
        ) from None


def _dotted(location: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.lstrip(".")[:LONGEST_FIELD]


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")
