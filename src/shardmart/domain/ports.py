"""What the shop needs from the outside, as Protocols. `adapters.mongo` implements them; tests may replace any.

All methods raise `Unavailable` when the database cannot answer in time; what else they raise stands with them.
What is shaped like stock or an order takes `seller_id` and an id as keywords: the shard key is never forgotten.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from shardmart.domain.accounts import Actor, Role, Session, User
from shardmart.domain.cart import Cart
from shardmart.domain.changes import Heard
from shardmart.domain.changes import Position as Moment
from shardmart.domain.listings import CategoryCount, ListingQuery, Product, ProductChanges
from shardmart.domain.load import LoadFigures, LoadRun
from shardmart.domain.notices import Notice
from shardmart.domain.orders import Order, OrderFilter
from shardmart.domain.paging import Page, Position
from shardmart.domain.purchase import Line, Outcome, Purchase, Shelf
from shardmart.domain.reports import (
    AppNode,
    AuditReport,
    Day,
    Explanation,
    QueryShape,
    TopProduct,
    TopSeller,
)
from shardmart.domain.stock import StockLog


class Accounts(Protocol):
    async def add(self, user: User) -> None:
        """Stores a new account. Raises EmailTaken; of concurrent calls with one e-mail one succeeds."""

    async def by_email(self, email: str) -> User | None: ...

    async def by_id(self, user_id: str) -> User | None:
        """The account, None when absent or deleted."""

    async def page(self, *, text: str | None, role: Role | None, after: Position | None, limit: int) -> Page[User]:
        """Accounts, newest first; `text` is a prefix of the name or the e-mail."""

    async def bury(self, user_id: str, *, at: datetime) -> User | None:
        """Makes the account a tombstone: nameless, its e-mail free. None when absent or buried before.

        Raises LastAdmin. Atomic: two admins who delete each other cannot both succeed.
        """

    async def buried_since(self, at: datetime) -> list[User]:
        """Tombstones younger than `at`, for the sweeper."""

    async def count_by_role(self) -> dict[str, int]: ...


class Sessions(Protocol):
    async def start(self, session: Session) -> None: ...

    async def get(self, session_id: str) -> Session | None: ...

    async def rotate(self, session: Session, *, at: datetime) -> Session | None:
        """The session one generation further, None when another request was first or the session is gone."""

    async def end(self, session_id: str) -> None: ...

    async def end_all(self, user_id: str) -> None: ...


class Limits(Protocol):
    """Counters shared by all workers and app nodes, each in a window that starts with its first count."""

    async def retry_after(self, key: str, *, limit: int) -> int:
        """Seconds until `key` may be used again, 0 when it may be used now."""

    async def count(self, key: str, *, limit: int, window_seconds: int) -> int:
        """Counts one use. Seconds to wait if that was more than `limit`, else 0. Atomic."""


class Products(Protocol):
    async def add(self, product: Product, *, log: StockLog) -> None:
        """Stores a product and its first log together."""

    async def add_many(self, products: Sequence[Product], *, logs: Sequence[StockLog]) -> None:
        """Stores products of one seller and their first logs, all or none."""

    async def of_ids(self, *, seller_id: str, ids: Sequence[str]) -> dict[str, Product]:
        """Those of the ids that are products of the seller, disabled ones too."""

    async def get(self, *, seller_id: str, id: str) -> Product | None:
        """A product, disabled ones too; None when absent or deleted."""

    async def shelves(self, ids: Sequence[str]) -> dict[str, Shelf]:
        """What checkouts need to know of these products, deleted ones too (not for sale), from the primary."""

    async def known(self, ids: Sequence[str]) -> bool:
        """Whether all of these products exist or once did: what has been in the shop stays known."""

    async def search(self, query: ListingQuery, *, after: Position | None, limit: int) -> Page[Product]:
        """Active products."""

    async def of_seller(self, seller_id: str, *, after: Position | None, limit: int) -> Page[Product]:
        """The seller's products, disabled ones too, newest first."""

    async def all(self, *, after: Position | None, limit: int) -> Page[Product]:
        """Every seller's products, disabled ones too, newest first."""

    async def categories(self) -> list[CategoryCount]: ...

    async def change(
        self, *, seller_id: str, id: str, changes: ProductChanges, expected_version: int | None, at: datetime
    ) -> Product:
        """Applies the changes and logs a changed stock, together. Raises NotFound, VersionConflict."""

    async def add_stock(self, *, seller_id: str, id: str, delta: int, reason: str, at: datetime) -> Product:
        """Moves the stock by `delta` and logs it, together. Raises NotFound, InsufficientStock."""

    async def set_active(self, *, seller_id: str, id: str, active: bool, at: datetime) -> Product:
        """Raises NotFound."""

    async def set_image(self, *, seller_id: str, id: str, image_url: str | None, at: datetime) -> Product:
        """Raises NotFound."""

    async def image_urls(self, ids: Sequence[str]) -> dict[str, str]:
        """Of those of the products that are there and have one, disabled ones too."""

    async def remove(self, *, seller_id: str, id: str, at: datetime) -> None:
        """The product leaves the shop, its logs stay. Raises NotFound."""

    async def remove_all(self, seller_id: str, *, at: datetime) -> int:
        """Removes every product of the seller; safe to repeat. How many there were."""

    async def logs(self, *, seller_id: str, product_id: str, after: Position | None, limit: int) -> Page[StockLog]:
        """Newest first."""

    async def low_stock(self, seller_id: str, *, limit: int) -> list[Product]:
        """Active products at or below their threshold, emptiest first."""

    async def count(self) -> dict[str, int]:
        """`{"active": …, "disabled": …}`"""


class Pictures(Protocol):
    """Slow work off the event loop, a bounded number at once."""

    async def normal(self, data: bytes) -> bytes:
        """An uploaded JPEG, PNG or WebP as WebP without metadata, made small. Raises InvalidInput."""


class Photos(Protocol):
    """Pictures by id; one that was added never changes."""

    async def add(self, photo_id: str, data: bytes) -> None: ...

    async def get(self, photo_id: str) -> bytes | None: ...

    async def remove(self, photo_id: str) -> None:
        """Safe to repeat."""

    async def ids(self, *, after: str, limit: int) -> list[str]:
        """In order, unfinished ones too."""


class Carts(Protocol):
    async def get(self, buyer_id: str) -> Cart: ...

    async def put(self, buyer_id: str, line: Line, *, max_lines: int) -> None:
        """Sets a line; quantity 0 removes it. Raises InvalidInput past `max_lines`. Atomic."""

    async def clear(self, buyer_id: str, *, version: int | None = None) -> None:
        """Empties the cart, only while it is still `version` when that is given."""


@dataclass(slots=True, frozen=True)
class Claim:
    """Who may decide a checkout with an Idempotency-Key. What it names never changes.

    `fingerprint` identifies the body; `running_until`: until then its owner may still be at work.
    """

    id: str
    fingerprint: str
    purchase: Purchase
    running_until: datetime


class Claims(Protocol):
    async def get(self, claim_id: str) -> Claim | None:
        """Read with majority."""

    async def take(self, claim: Claim) -> bool:
        """Stores a new claim; False when its id is taken. Majority. Repeated after a lost answer, it says False."""

    async def take_over(self, claim: Claim, *, until: datetime) -> bool:
        """Extends a claim whose owner is gone; False when another was first."""

    async def release(self, claim: Claim) -> None:
        """Its owner has given up without an answer: anyone may run it now."""

    async def forget(self, claim: Claim) -> None:
        """Its owner decided nothing: the key is free, for another purchase too. Nothing when another took it over."""


class Outcomes(Protocol):
    async def get(self, checkout_id: str) -> Outcome | None:
        """What was decided, read with majority."""


class Checkout(Protocol):
    """A strategy: decides a purchase and stores the outcome, orders, logs and stock as one."""

    async def place(self, purchase: Purchase, *, deadline: float) -> Outcome:
        """The outcome of the purchase; running it again yields the stored one.

        `deadline` is in the event loop's time. Raises EmptyCart when the cart was bought by another request
        meanwhile. Raises Unavailable when it passes: the outcome is unknown then.
        """


class ClaimingCheckout(Protocol):
    """A strategy that stores a key's claim together with the outcome: there is never one without the other."""

    async def claim_and_place(self, claim: Claim, *, deadline: float) -> Outcome:
        """The outcome of the claim's purchase, stored together with the claim.

        Raises KeyTaken when another purchase has been decided under the key; CheckoutInProgress and
        IdempotencyKeyReused when one is about to be; EmptyCart; and Unavailable when the outcome is unknown. Safe to
        repeat with the same claim; of several claims with one id, one is stored.
        """


class Recovery(Protocol):
    async def sweep(self, *, before: datetime) -> int:
        """Finishes or undoes the checkouts that began before then and are still on their way. How many there were.

        Safe to repeat, by several workers at once, and while those checkouts still run.
        """


class CommitterWatch(Protocol):
    """What can be told of the committer by the worker that is asked."""

    def state(self) -> Mapping[str, Any]:
        """`{state: leads|follows|alone, pid}`: this worker's part, and the process that leads (None: nobody)."""


class Orders(Protocol):
    async def get(self, *, seller_id: str, id: str) -> Order | None: ...

    async def page(self, which: OrderFilter, *, after: Position | None, limit: int) -> Page[Order]:
        """Newest first."""

    async def complete(self, *, seller_id: str, id: str, at: datetime) -> Order:
        """placed -> completed. Raises NotFound, InvalidTransition. Atomic."""

    async def cancel(self, *, seller_id: str, id: str, at: datetime) -> Order:
        """placed -> cancelled and its units back on the shelves with logs, together and once.

        Raises NotFound, InvalidTransition.
        """


class Notices(Protocol):
    """What a user was told of, kept for 30 days. Stored by the changes that cause them, not here."""

    async def page(self, user: Actor, *, after: Position | None, limit: int) -> Page[Notice]:
        """Newest first."""

    async def unread(self, user: Actor) -> int: ...

    async def mark_read(self, user: Actor, ids: Sequence[str] | None) -> None:
        """These of the user's own, or all; what is not there or not theirs is left alone."""

    async def since(self, user: Actor, at: datetime, *, limit: int) -> list[Notice]:
        """Oldest first."""


class Changes(Protocol):
    def follow(self, *, anew: bool = False, since: Moment | None = None) -> AsyncGenerator[Heard, None]:
        """What happens in the database, whoever does it, without an end: after what was heard last, or from now on
        when `anew` or nothing was heard yet; with `since`, from everything of that cluster time on, and its position
        comes first. The first step comes when the feed is open, a change or not.

        It outlives elections, restarts and routers; `Missed` says that the database has forgotten a part.
        """


class Statistics(Protocol):
    """Of orders that are not cancelled, from `since` on; of one seller, or of all when `seller_id` is None."""

    async def by_day(self, *, seller_id: str | None, since: datetime) -> list[Day]: ...

    async def units(self, *, seller_id: str, since: datetime) -> int: ...

    async def top_products(self, *, seller_id: str | None, since: datetime, limit: int) -> list[TopProduct]: ...

    async def top_sellers(self, *, since: datetime, limit: int) -> list[TopSeller]: ...

    async def orders_by_status(self) -> dict[str, int]: ...

    async def revenue(self) -> Decimal: ...


class Topology(Protocol):
    """What differs between a replica set and a sharded cluster."""

    async def prepare(self) -> None:
        """Distributes the collections, once they are there. Safe to repeat."""

    async def describe(self) -> Mapping[str, Any]:
        """The contract's topology answer. Needs no primary: members that do not answer are DOWN."""

    def shapes(self) -> list[QueryShape]: ...

    async def explain(self, name: str) -> Explanation:
        """Raises NotFound for a name that is not among the shapes."""


class AppNodes(Protocol):
    """The app nodes of this shop, wherever they run."""

    @property
    def me(self) -> AppNode: ...

    async def beat(self) -> None:
        """Says that this node lives."""

    async def alive(self) -> list[AppNode]:
        """Those that said so in the last ten seconds, and this one."""


class NodeControl(Protocol):
    async def act(self, node: str, action: str) -> None:
        """kill, start, pause, resume or stepdown. Raises NotManaged, NotFound, SenselessNodeAction."""


class Auditor(Protocol):
    async def run(self) -> AuditReport:
        """Checks the invariants of the contract's §8 on the live database. One at a time."""


class LoadRuns(Protocol):
    """The lab's load: at most one run in the whole shop, and what it tells."""

    async def begin(self, run: LoadRun, *, until: datetime) -> bool:
        """Whether the run has the lease, which ends at `until`; False while another one has it. Atomic."""

    async def extend(self, run_id: str, *, until: datetime) -> bool:
        """False when the run was asked to stop, or another one has the lease."""

    async def end(self, run_id: str) -> None: ...

    async def stop(self) -> None:
        """Asks the run that has the lease to stop."""

    async def tell(self, figures: LoadFigures) -> None:
        """Stores the figures and has them told to admins. Safe to repeat."""

    async def last(self) -> tuple[LoadRun | None, list[LoadFigures]]:
        """The run that has or last had the lease, and its figures in order."""


class Probe(Protocol):
    async def ready(self) -> None:
        """Raises Unavailable unless the database answers and its indexes are there."""


class Passwords(Protocol):
    """Slow hashing, off the event loop, a bounded number at once."""

    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """False for a wrong password and, after the same time, for no hash at all."""


class Tokens(Protocol):
    def access(self, session: Session, *, at: datetime) -> str: ...

    def refresh(self, session: Session) -> str:
        """The refresh token of the session's generation: the same call yields the same token."""

    def read_access(self, token: str) -> Actor:
        """Raises Unauthenticated."""

    def access_ends(self, token: str) -> datetime:
        """When an access token that `read_access` accepts ends. Raises Unauthenticated."""

    def read_refresh(self, token: str) -> tuple[str, int]:
        """The session's id and the generation. Raises Unauthenticated."""
