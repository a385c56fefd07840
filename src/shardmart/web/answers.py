"""What the API answers, as schemas for the OpenAPI document. `views` makes the JSON; a test holds both together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

_USER, _THING = "6553f1a2c4d5e6f708192a3b", "7a64e2b3d5c6f708192a3b4c"


def _like(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "example": example})


UserId = Annotated[str, _like(_USER)]
ProductId = Annotated[str, _like(f"{_USER}-{_THING}")]
OrderId = Annotated[str, _like(f"{_USER}-8b75f3c4e6d708192a3b4c5d")]
Time = Annotated[
    str, WithJsonSchema({"type": "string", "format": "date-time", "example": "2026-01-31T12:00:00.123000Z"})
]
Amount = Annotated[float, WithJsonSchema({"type": "number", "minimum": 0, "example": 12.5})]
Count = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 0, "example": 3})]
Role = Literal["buyer", "seller", "admin"]
Status = Literal["placed", "completed", "cancelled"]


class Answer(BaseModel):
    """A JSON object that the API answers with."""

    model_config = ConfigDict(extra="forbid")


class User(Answer):
    id: UserId
    name: Annotated[str, _like("Ada")]
    email: Annotated[str, _like("ada@example.com")]
    role: Role
    created_at: Time


class SignedIn(Answer):
    access_token: Annotated[str, _like("eyJhbGciOi…")]
    token_type: Literal["Bearer"]
    expires_in: Count
    user: User


class Product(Answer):
    id: ProductId
    seller_id: UserId
    seller_name: Annotated[str, _like("Tea & Co")]
    name: Annotated[str, _like("Assam, 100 g")]
    description: str
    price: Amount
    stock: Count
    category: Annotated[str, _like("Tea")]
    low_stock_threshold: Count
    is_active: bool
    image_url: str | None
    version: Count
    created_at: Time
    updated_at: Time


class ProductPage(Answer):
    items: list[Product]
    next_cursor: str | None


class UserPage(Answer):
    items: list[User]
    next_cursor: str | None


class Category(Answer):
    name: Annotated[str, _like("Tea")]
    count: Count


class Categories(Answer):
    items: list[Category]


class InventoryLog(Answer):
    id: Annotated[str, _like(f"{_USER}-{_THING}-0000000002")]
    product_id: ProductId
    change_type: Literal["restock", "purchase", "adjustment", "cancellation"]
    old_stock: Count
    new_stock: Count
    version: Count
    order_id: OrderId | None
    checkout_id: OrderId | None
    reason: str
    timestamp: Time


class InventoryLogPage(Answer):
    items: list[InventoryLog]
    next_cursor: str | None


class LineProblem(Answer):
    line: Annotated[int, Field(ge=1, examples=[3])]
    message: Annotated[str, _like("price: must be between 0.01 and 1000000")]


class Imported(Answer):
    created: Count
    updated: Count
    errors: list[LineProblem]


class CartItem(Answer):
    product_id: ProductId
    name: Annotated[str, _like("Assam, 100 g")]
    price: Amount
    quantity: Count
    available: Count


class Cart(Answer):
    items: list[CartItem]
    total_amount: Amount


class OrderLine(Answer):
    product_id: ProductId
    name: Annotated[str, _like("Assam, 100 g")]
    quantity: Count
    price: Amount


class Order(Answer):
    id: OrderId
    checkout_id: OrderId
    buyer_id: UserId
    seller_id: UserId
    product_list: list[OrderLine]
    total_amount: Amount
    status: Status
    timestamp: Time


class OrderPage(Answer):
    items: list[Order]
    next_cursor: str | None


class Checkout(Answer):
    checkout_id: OrderId
    status: Literal["placed"]
    total_amount: Amount
    orders: list[Order]


class Day(Answer):
    date: Annotated[str, _like("2026-01-31")]
    revenue: Amount
    orders: Count


class TopProduct(Answer):
    product_id: ProductId
    name: str
    units: Count
    revenue: Amount


class TopSeller(Answer):
    seller_id: UserId
    name: str
    orders: Count
    revenue: Amount


class SellerStats(Answer):
    revenue: Amount
    orders: Count
    units: Count
    average_order: Amount
    by_day: list[Day]
    top_products: list[TopProduct]
    low_stock: list[Product]


class Notification(Answer):
    id: Annotated[str, _like(f"{_USER}-8b75f3c4e6d708192a3b4c5d-placed")]
    kind: Literal["order_placed", "order_completed", "order_cancelled", "low_stock"]
    text: Annotated[str, _like("New order over 25.00: 2 × Assam, 100 g")]
    subject_id: Annotated[str, _like(f"{_USER}-8b75f3c4e6d708192a3b4c5d")]
    read: bool
    created_at: Time


class NotificationPage(Answer):
    """`unread` counts all of them, not those of the page."""

    items: list[Notification]
    next_cursor: str | None
    unread: Count


class Dashboard(Answer):
    users: dict[str, Count]
    products: dict[str, Count]
    orders: dict[str, Count]
    revenue: Amount
    by_day: list[Day]
    top_products: list[TopProduct]
    top_sellers: list[TopSeller]


class Member(Answer):
    model_config = ConfigDict(extra="allow")

    node: Annotated[str, _like("rs0-0")]
    host: Annotated[str, _like("127.0.0.1:27017")] = ""
    state: Annotated[str, _like("PRIMARY")] = ""
    lag_seconds: float | None = None


class Topology(Answer):
    """A replica set has `set` and `members`; a sharded cluster `shards`, `config`, `routers`, `collections`, …"""

    model_config = ConfigDict(extra="allow")

    kind: Literal["replica", "sharded"]
    set: str | None = None
    members: list[Member] | None = None
    shards: list[dict[str, Any]] | None = None


class AppNode(Answer):
    node: Annotated[str, _like("127.0.0.1:8000")]
    workers: Count
    version: Annotated[str, _like("0.1.0")]


class Health(Topology):
    apps: list[AppNode]
    committer: dict[str, Any] | None
    relay_lag_ms: float | None


class Shape(Answer):
    name: Annotated[str, _like("product_by_id")]
    description: str
    expected: Literal["targeted", "scatter_gather"]


class Shapes(Answer):
    items: list[Shape]


class Explanation(Answer):
    name: Annotated[str, _like("product_by_id")]
    expected: Literal["targeted", "scatter_gather"]
    targeted: bool
    shards_touched: Count
    index: str | None
    keys_examined: Count
    documents_examined: Count
    returned: Count
    raw: dict[str, Any]


class Violation(Answer):
    invariant: Annotated[int, Field(ge=1, le=5)]
    detail: str


class Audit(Answer):
    consistent: bool
    violations: list[Violation]
    checked: dict[str, Count]
    took_seconds: Amount


class LoadRun(Answer):
    run_id: Annotated[str, _like(_THING)]
    buyers: Count
    seconds: Count
    strategy: Annotated[str, _like("group")]


class Latency(Answer):
    p50: Amount | None
    p99: Amount | None


class LoadFigures(LoadRun):
    """One second of a run, as the `load` event tells it; `latency_ms` of placed checkouts."""

    second: Count
    checkouts_per_second: Count
    latency_ms: Latency
    outcomes: dict[str, Count]
    running: bool


class LastLoad(Answer):
    run: LoadRun | None
    items: list[LoadFigures]


class Alive(Answer):
    status: Literal["ok"]


class Ready(Answer):
    status: Literal["ready"]
    workers: Count


class FieldProblem(Answer):
    field: Annotated[str, _like("items[0].quantity")]
    message: Annotated[str, _like("Input should be greater than or equal to 1")]


class Shortfall(Answer):
    product_id: ProductId
    requested: Count
    available: Count


class Problem(Answer):
    """RFC 9457. `code` is stable; `errors` names wrong fields, `items` the lines of a checkout that fall short."""

    type: Annotated[str, _like("urn:shardmart:problem:not_found")]
    title: Annotated[str, _like("Not Found")]
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    code: Annotated[str, _like("not_found")]
    errors: list[FieldProblem] = []
    items: list[Shortfall] = []
