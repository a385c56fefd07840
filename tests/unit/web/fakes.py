"""A shop in memory: the real services on ports that are dictionaries. Enough to look at the web layer alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role, Session, User
from shardmart.domain.cart import Cart
from shardmart.domain.errors import (
    EmailTaken,
    FieldError,
    InsufficientStock,
    InvalidInput,
    NotFound,
    NotManaged,
    Unauthenticated,
    Unavailable,
    VersionConflict,
)
from shardmart.domain.listings import CategoryCount, Product
from shardmart.domain.load import LoadFigures, LoadRun
from shardmart.domain.notices import Kind, Notice
from shardmart.domain.orders import Order, OrderFilter, Status
from shardmart.domain.paging import Page
from shardmart.domain.purchase import Line, Placed, Purchase, Shelf, decide
from shardmart.domain.reports import (
    AppNode,
    AuditReport,
    Day,
    Explanation,
    QueryShape,
    TopProduct,
    TopSeller,
    Violation,
)
from shardmart.service.live_sessions import LiveSessions
from shardmart.service.load import LabLoad
from shardmart.service.shop import Rules, Shop

AT = datetime(2026, 1, 31, 12, 0, 0, 123000)
BUYER, OTHER_BUYER, SELLER, ADMIN = ("a" * 24, "b" * 24, "c" * 24, "d" * 24)
TEA, CAKE = f"{SELLER}-{'1' * 24}", f"{SELLER}-{'2' * 24}"
ROLES = {BUYER: Role.BUYER, OTHER_BUYER: Role.BUYER, SELLER: Role.SELLER, ADMIN: Role.ADMIN}


def product(id: str, name: str, stock: int) -> Product:
    return Product(
        id=id,
        seller_id=SELLER,
        seller_name="Tea & Co",
        name=name,
        description="",
        price=Decimal("12.50"),
        stock=stock,
        category="Tea",
        low_stock_threshold=5,
        is_active=True,
        image_url=None,
        version=1,
        created_at=AT,
        updated_at=AT,
    )


def _slice(items: list[Any], after: Any, limit: int) -> Page[Any]:
    start = after[0] if after else 0
    end = start + limit
    return Page(items[start:end], (end,) if end < len(items) else None)


class Accounts:
    def __init__(self) -> None:
        self.users = {
            id: User(id, role.value.title(), f"{role.value}{id[0]}@example.com", role, "secret", AT)
            for id, role in ROLES.items()
        }

    async def add(self, user: User) -> None:
        if await self.by_email(user.email):
            raise EmailTaken
        self.users[user.id] = user

    async def by_email(self, email: str) -> User | None:
        return next((u for u in self.users.values() if u.email.casefold() == email.casefold()), None)

    async def by_id(self, user_id: str) -> User | None:
        return self.users.get(user_id)

    async def page(self, *, text: Any, role: Any, after: Any, limit: int) -> Page[User]:
        return _slice([u for u in self.users.values() if role in (None, u.role)], after, limit)

    async def bury(self, user_id: str, *, at: datetime) -> User | None:
        return self.users.get(user_id)

    async def buried_since(self, at: datetime) -> list[User]:
        return []

    async def count_by_role(self) -> dict[str, int]:
        return {"buyer": 2, "seller": 1, "admin": 1}


class Sessions:
    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}

    async def start(self, session: Session) -> None:
        self.sessions[session.id] = session

    async def get(self, session_id: str) -> Session | None:
        return self.sessions.get(session_id)

    async def rotate(self, session: Session, *, at: datetime) -> Session | None:
        self.sessions[session.id] = replace(session, generation=session.generation + 1, rotated_at=at)
        return self.sessions[session.id]

    async def end(self, session_id: str) -> None:
        self.sessions.pop(session_id, None)

    async def end_all(self, user_id: str) -> None:
        self.sessions = {k: s for k, s in self.sessions.items() if s.user_id != user_id}


class Limits:
    def __init__(self) -> None:
        self.wait = 0

    async def retry_after(self, key: str, *, limit: int) -> int:
        return self.wait

    async def count(self, key: str, *, limit: int, window_seconds: int) -> int:
        return self.wait


class Passwords:
    async def hash(self, password: str) -> str:
        return password

    async def matches(self, password: str, password_hash: str | None) -> bool:
        return password == password_hash


class Tokens:
    def access(self, session: Session, *, at: datetime) -> str:
        return f"access.{session.user_id}.{session.role.value}.{session.id}"

    def refresh(self, session: Session) -> str:
        return f"refresh.{session.id}.{session.generation}"

    def read_access(self, token: str) -> Actor:
        parts = token.split(".")
        if len(parts) != 4 or parts[0] != "access":
            raise Unauthenticated
        return Actor(parts[1], Role(parts[2]), parts[3])

    def read_refresh(self, token: str) -> tuple[str, int]:
        parts = token.split(".")
        if len(parts) != 3 or parts[0] != "refresh" or not parts[2].isdigit():
            raise Unauthenticated
        return parts[1], int(parts[2])


class Products:
    def __init__(self) -> None:
        self.all_: dict[str, Product] = {TEA: product(TEA, "Assam", 10), CAKE: product(CAKE, "Cake", 1)}
        self.searched: list[Any] = []
        self.wait = 0.0
        self.fail: Exception | None = None

    async def add(self, product: Product, *, log: Any) -> None:
        self.all_[product.id] = product

    async def add_many(self, products: Any, *, logs: Any) -> None:
        self.all_.update({product.id: product for product in products})

    async def of_ids(self, *, seller_id: str, ids: Any) -> dict[str, Product]:
        return {id: self.all_[id] for id in ids if id in self.all_ and self.all_[id].seller_id == seller_id}

    async def get(self, *, seller_id: str, id: str) -> Product | None:
        return self.all_.get(id)

    async def shelves(self, ids: Any) -> dict[str, Shelf]:
        return {id: Shelf.of(self.all_[id]) for id in ids if id in self.all_}

    async def known(self, ids: Any) -> bool:
        return all(id in self.all_ for id in ids)

    async def search(self, query: Any, *, after: Any, limit: int) -> Page[Product]:
        self.searched.append(query)
        if self.wait:
            await asyncio.sleep(self.wait)
        if self.fail:
            raise self.fail
        return _slice(list(self.all_.values()), after, limit)

    async def of_seller(self, seller_id: str, *, after: Any, limit: int) -> Page[Product]:
        return _slice(list(self.all_.values()), after, limit)

    async def all(self, *, after: Any, limit: int) -> Page[Product]:
        return _slice(list(self.all_.values()), after, limit)

    async def categories(self) -> list[CategoryCount]:
        return [CategoryCount("Tea", 2)]

    async def change(
        self, *, seller_id: str, id: str, changes: Any, expected_version: int | None, at: datetime
    ) -> Product:
        if expected_version not in (None, self.all_[id].version):
            raise VersionConflict
        given = {f: v for f in changes.__slots__ if (v := getattr(changes, f)) is not None}
        self.all_[id] = replace(self.all_[id], **given, version=self.all_[id].version + 1)
        return self.all_[id]

    async def add_stock(self, *, seller_id: str, id: str, delta: int, reason: str, at: datetime) -> Product:
        if self.all_[id].stock + delta < 0:
            raise InsufficientStock
        self.all_[id] = replace(self.all_[id], stock=self.all_[id].stock + delta)
        return self.all_[id]

    async def set_active(self, *, seller_id: str, id: str, active: bool, at: datetime) -> Product:
        if id not in self.all_:
            raise NotFound
        self.all_[id] = replace(self.all_[id], is_active=active)
        return self.all_[id]

    async def set_image(self, *, seller_id: str, id: str, image_url: str | None, at: datetime) -> Product:
        self.all_[id] = replace(self.all_[id], image_url=image_url)
        return self.all_[id]

    async def remove(self, *, seller_id: str, id: str, at: datetime) -> None:
        if self.all_.pop(id, None) is None:
            raise NotFound

    async def remove_all(self, seller_id: str, *, at: datetime) -> int:
        return 0

    async def logs(self, *, seller_id: str, product_id: str, after: Any, limit: int) -> Page[Any]:
        from shardmart.service.catalogue import first_log

        return Page([first_log(self.all_[product_id])], None)

    async def low_stock(self, seller_id: str, *, limit: int) -> list[Product]:
        return [self.all_[CAKE]] if CAKE in self.all_ else []

    async def count(self) -> dict[str, int]:
        return {"active": 2, "disabled": 0}


class Photos:
    """Pictures and photos in one; a picture is good when it begins so."""

    def __init__(self) -> None:
        self.photos: dict[str, bytes] = {}

    async def normal(self, data: bytes) -> bytes:
        if not data.startswith(b"picture"):
            raise InvalidInput([FieldError("image", "is not a picture")])
        return data

    async def add(self, photo_id: str, data: bytes) -> None:
        self.photos[photo_id] = data

    async def get(self, photo_id: str) -> bytes | None:
        return self.photos.get(photo_id)

    async def remove(self, photo_id: str) -> None:
        self.photos.pop(photo_id, None)


class Carts:
    def __init__(self) -> None:
        self.carts: dict[str, Cart] = {}

    async def get(self, buyer_id: str) -> Cart:
        return self.carts.get(buyer_id, Cart(buyer_id, (), 0))

    async def put(self, buyer_id: str, line: Line, *, max_lines: int) -> None:
        cart = await self.get(buyer_id)
        lines = tuple(one for one in cart.lines if one.product_id != line.product_id)
        self.carts[buyer_id] = Cart(buyer_id, lines + ((line,) if line.quantity else ()), cart.version + 1)

    async def clear(self, buyer_id: str, *, version: int | None = None) -> None:
        self.carts.pop(buyer_id, None)


class Store:
    """Claims, outcomes, orders and the strategy in one."""

    def __init__(self, products: Products) -> None:
        self.products = products
        self.claims: dict[str, Any] = {}
        self.outcomes: dict[str, Any] = {}
        self.orders: dict[str, Order] = {}

    async def take(self, claim: Any) -> Any:
        return self.claims.setdefault(claim.id, claim) is claim

    async def take_over(self, claim: Any, *, until: datetime) -> bool:
        return True

    async def release(self, claim: Any) -> None: ...

    async def forget(self, claim: Any) -> None: ...

    async def sweep(self, *, before: datetime) -> int:
        return 0

    async def place(self, purchase: Purchase, *, deadline: float) -> Any:
        shelves = await self.products.shelves([line.product_id for line in purchase.lines])
        outcome = decide(purchase, shelves, at=AT)
        self.outcomes[purchase.checkout_id] = outcome
        if isinstance(outcome, Placed):
            self.orders.update({order.id: order for order in outcome.orders})
            for line in purchase.lines:
                left = self.products.all_[line.product_id]
                self.products.all_[line.product_id] = replace(left, stock=left.stock - line.quantity)
        return outcome


class Claims:
    def __init__(self, store: Store) -> None:
        self.take, self.take_over, self.release = store.take, store.take_over, store.release
        self._store = store

    async def get(self, claim_id: str) -> Any:
        return self._store.claims.get(claim_id)


class Outcomes:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, checkout_id: str) -> Any:
        return self._store.outcomes.get(checkout_id)


class Orders:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.asked: list[OrderFilter] = []

    async def get(self, *, seller_id: str, id: str) -> Order | None:
        return self._store.orders.get(id)

    async def page(self, which: OrderFilter, *, after: Any, limit: int) -> Page[Order]:
        self.asked.append(which)
        return _slice(list(self._store.orders.values()), after, limit)

    async def complete(self, *, seller_id: str, id: str, at: datetime) -> Order:
        self._store.orders[id] = replace(self._store.orders[id], status=Status.COMPLETED)
        return self._store.orders[id]

    async def cancel(self, *, seller_id: str, id: str, at: datetime) -> Order:
        self._store.orders[id] = replace(self._store.orders[id], status=Status.CANCELLED)
        return self._store.orders[id]


class Statistics:
    async def by_day(self, *, seller_id: Any, since: datetime) -> list[Day]:
        return [Day("2026-01-31", Decimal("25.00"), 2)]

    async def units(self, *, seller_id: str, since: datetime) -> int:
        return 2

    async def top_products(self, *, seller_id: Any, since: datetime, limit: int) -> list[TopProduct]:
        return [TopProduct(TEA, "Assam", 2, Decimal("25.00"))]

    async def top_sellers(self, *, since: datetime, limit: int) -> list[TopSeller]:
        return [TopSeller(SELLER, "Tea & Co", 2, Decimal("25.00"))]

    async def orders_by_status(self) -> dict[str, int]:
        return {"placed": 2, "completed": 0, "cancelled": 0}

    async def revenue(self) -> Decimal:
        return Decimal("25.00")


class Lab:
    me = AppNode("127.0.0.1:8000", 2, "0.1.0")

    async def beat(self) -> None: ...

    async def alive(self) -> list[AppNode]:
        return [self.me]

    async def describe(self) -> dict[str, Any]:
        member = {"node": "rs0-0", "host": "127.0.0.1:1", "state": "PRIMARY", "lag_seconds": None}
        return {"kind": "replica", "set": "rs0", "members": [member]}

    def shapes(self) -> list[QueryShape]:
        return [QueryShape("product_by_id", "One product", "targeted")]

    async def explain(self, name: str) -> Explanation:
        if name != "product_by_id":
            raise NotFound
        return Explanation(name, "targeted", True, 1, "_id_", 1, 1, 1, {"stage": object})

    async def act(self, node: str, action: str) -> None:
        raise NotManaged

    async def run(self) -> AuditReport:
        return AuditReport([Violation(1, "stock is -1")], {"products": 2}, 0.5)

    async def ready(self) -> None: ...

    async def begin(self, run: Any, *, until: datetime) -> bool:
        return False

    async def stop(self) -> None: ...

    async def last(self) -> tuple[Any, list[Any]]:
        run = LoadRun("1" * 24, 5, 10, "transaction")
        return run, [LoadFigures(run, 1, 80, 12.5, 40.0, {"placed": 80}, running=True)]


class Notices:
    """One notice for everybody."""

    def __init__(self) -> None:
        self.read = False

    async def page(self, user: Actor, *, after: Any, limit: int) -> Page[Notice]:
        order = f"{SELLER}-{'3' * 24}"
        text = "New order over 25.00: 2 × Assam"
        notice = Notice(f"{order}-placed", user.id, SELLER, Kind.ORDER_PLACED, text, order, AT, read=self.read)
        return _slice([notice], after, limit)

    async def unread(self, user: Actor) -> int:
        return 0 if self.read else 1

    async def mark_read(self, user: Actor, ids: Any) -> None:
        self.read = True


class FakeShop:
    """What `create_app` is given; `shop` and the fakes behind it are open to tests."""

    def __init__(self, *, request_seconds: float = 2.0, staleness: Decimal | None = None) -> None:
        self.products, self.accounts, self.sessions = Products(), Accounts(), Sessions()
        self.photos = Photos()
        self.limits, self.store, self.lab = Limits(), Store(self.products), Lab()
        self.closed = False
        self.orders = Orders(self.store)
        self.shop = Shop(
            rules=Rules(900, 3600, request_seconds, 10.0, True, staleness),
            accounts=self.accounts,
            sessions=self.sessions,
            live_sessions=LiveSessions(self.sessions),
            limits=self.limits,
            passwords=Passwords(),
            tokens=Tokens(),
            products=self.products,
            pictures=self.photos,
            photos=self.photos,
            carts=Carts(),
            claims=Claims(self.store),
            outcomes=Outcomes(self.store),
            checkout=self.store,
            recovery=self.store,
            orders=self.orders,
            notices=Notices(),
            changes=self.lab,
            statistics=Statistics(),
            topology=self.lab,
            app_nodes=self.lab,
            nodes=self.lab,
            auditor=self.lab,
            load=LabLoad(self.lab, {"transaction": self.store}, own="transaction"),
            probe=self.lab,
        )

    async def close(self) -> None:
        self.closed = True

    def token(self, user_id: str) -> str:
        """An access token of a living session of one of the four users."""
        session = Session(
            f"s-{user_id[0]}", user_id, ROLES[user_id], 0, clock.now(), clock.now() + timedelta(hours=1)
        )
        self.sessions.sessions[session.id] = session
        return Tokens().access(session, at=AT)

    def away(self) -> None:
        """The database is gone, as far as listings tell."""
        self.products.fail = Unavailable()
