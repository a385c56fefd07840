"""The database as the protocols see it: single writes that are atomic (transactions: `transacting`).

Each class has the face of the one it stands for, and every access is a step of the explorer's world.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pymongo.errors import AutoReconnect

from shardmart.adapters.mongo.group.batch import Changes
from shardmart.adapters.mongo.reservation.carts import Mark
from shardmart.domain.cart import Cart
from shardmart.domain.errors import EmptyCart, Unavailable
from shardmart.domain.invariants import check_checkout, check_order, check_product
from shardmart.domain.orders import Order
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Line, Outcome, Placed, Purchase, Shelf
from shardmart.domain.reports import Violation
from shardmart.domain.reservations import Hold, Intent, Move, Stand, State, chain_with
from shardmart.domain.stock import ChangeType, StockLog, stock_log
from tests.unit.builders import AT
from tests.unit.model.explorer import World


@dataclass
class Database:
    shelves: dict[str, Shelf]
    holds: dict[str, tuple[Hold, ...]] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    outcomes: dict[str, Intent] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    logs: dict[str, StockLog] = field(default_factory=dict)
    carts: dict[str, Cart] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    unique = True  # outcomes by their id
    unique_claims = True

    @classmethod
    def of(cls, *shelves: Shelf) -> Database:
        first = [
            stock_log(
                seller_id=shelf.seller_id,
                product_id=shelf.product_id,
                version=1,
                change_type=ChangeType.RESTOCK,
                old_stock=0,
                new_stock=shelf.stock,
                at=AT,
            )
            for shelf in shelves
        ]
        return cls({shelf.product_id: shelf for shelf in shelves}, logs={log.id: log for log in first})

    def key(self) -> Hashable:
        return tuple(frozenset(part.items()) for part in vars(self).values())

    def sold(self, product_id: str, without: set[str]) -> int:
        lines = (line for o in self.orders.values() if o.checkout_id not in without for line in o.product_list)
        return sum(line.quantity for line in lines if line.product_id == product_id)

    def of_products(self) -> Iterator[Violation]:
        """What an audit says of the products at any moment."""
        for id, shelf in self.shelves.items():
            holds = self.holds.get(id, ())
            logs = sorted((log for log in self.logs.values() if log.product_id == id), key=lambda log: log.id)
            sold = self.sold(id, {hold.checkout_id for hold in holds})
            yield from check_product(id, shelf.stock, shelf.version, chain_with(logs, holds), sold)

    def of_everything(self) -> Iterator[Violation]:
        """What an audit says when nothing is on its way any more."""
        yield from self.of_products()
        for id in {*self.orders, *(log.order_id for log in self.logs.values() if log.order_id)}:
            yield from check_order(self.orders.get(id), id, [x for x in self.logs.values() if x.order_id == id])
        for id, intent in self.outcomes.items():
            if not intent.settled:
                yield Violation(5, f"checkout {id} is {intent.state.value}")
            if isinstance(intent.outcome, Placed):
                yield from check_checkout(intent.outcome, self.orders)
        for id, holds in self.holds.items():
            if holds:
                yield Violation(5, f"product {id}: {holds}")

    def meets(self, changes: Changes, outcomes: Container[str], claims: Container[str]) -> bool:
        """Whether a unique index refuses what would be inserted beside these."""
        return (self.unique and any(p.checkout_id in outcomes for p, _ in changes.outcomes)) or (
            self.unique_claims and any(claim.id in claims for claim in changes.claims)
        )

    def marked(self, buyer_id: str) -> tuple[Cart, Mark | None]:
        """A cart with its mark, which are one document."""
        return self.carts[buyer_id], self.marks.get(buyer_id)

    def move(self, log: StockLog) -> None:
        shelf = self.shelves[log.product_id]
        self.shelves[log.product_id] = replace(shelf, stock=log.new_stock, version=log.version)


class Claims:
    def __init__(self, db: Database, world: World) -> None:
        self.db, self.world = db, world

    async def get(self, claim_id: str) -> Claim | None:
        return await self._step("claim?", lambda: self.db.claims.get(claim_id), writes=False)

    async def take(self, claim: Claim) -> bool:
        return await self._step("claim", lambda: self.db.claims.setdefault(claim.id, claim) is claim)

    async def take_over(self, claim: Claim, *, until: datetime) -> bool:
        def extend() -> bool:
            if self.db.claims[claim.id].running_until != claim.running_until:
                return False
            self.db.claims[claim.id] = replace(self.db.claims[claim.id], running_until=until)
            return True

        return await self._step("take over", extend)

    async def release(self, claim: Claim) -> None:
        def end() -> None:
            self.db.claims[claim.id] = replace(self.db.claims[claim.id], running_until=self.world.now)

        await self._step("release", end)

    async def forget(self, claim: Claim) -> None:
        def end() -> None:
            stored = self.db.claims.get(claim.id)
            if stored is not None and stored.running_until == claim.running_until:
                del self.db.claims[claim.id]

        await self._step("forget", end)

    async def _step(self, name: str, effect: Any, *, writes: bool = True) -> Any:
        return await self.world.step(name, effect, lost=Unavailable, writes=writes)


class Outcomes:
    def __init__(self, db: Database, world: World) -> None:
        self.db, self.world = db, world

    async def get(self, checkout_id: str) -> Outcome | None:
        def read() -> Outcome | None:
            found = self.db.outcomes.get(checkout_id)
            return found.outcome if found is not None and found.settled else None

        return await self.world.step("outcome?", read, lost=Unavailable, writes=False)


# ---- reservation


class Part:
    def __init__(self, db: Database, world: World) -> None:
        self.db, self.world = db, world

    async def _step(self, name: str, effect: Any, *, writes: bool = True) -> Any:
        return await self.world.step(name, effect, lost=AutoReconnect, writes=writes)


class Intents(Part):
    async def get(self, checkout_id: str) -> Intent | None:
        return await self._step("intent?", lambda: self.db.outcomes.get(checkout_id), writes=False)

    latest = get

    async def begin(self, purchase: Purchase, *, attempt: str, at: datetime) -> Intent | None:
        intent = Intent(purchase, State.PENDING, attempt, at)
        return intent if await self._step("begin", lambda: self._insert(intent)) else None

    async def refuse(self, purchase: Purchase, outcome: Outcome) -> bool:
        intent = Intent(purchase, State.REJECTED, "", AT, outcome, settled=True)
        return await self._step("refuse", lambda: self._insert(intent))

    async def decide(self, intent: Intent, outcome: Outcome, holds: list[Hold]) -> Intent | None:
        state = State.PLACED if isinstance(outcome, Placed) else State.REJECTED
        changes = {"state": state, "outcome": outcome, "holds": tuple(holds)}
        return await self._step("decide", lambda: self._change(intent.checkout_id, intent.attempt, **changes))

    async def undo(self, checkout_id: str, attempt: str) -> None:
        await self._step("undo", lambda: self._change(checkout_id, attempt, state=State.UNDOING))

    async def finish(self, intent: Intent) -> None:
        def end() -> None:
            found = self.db.outcomes.get(intent.checkout_id)
            if found is None or (found.attempt, found.state) != (intent.attempt, intent.state):
                return
            if intent.state is State.UNDOING:
                del self.db.outcomes[intent.checkout_id]
            else:
                self.db.outcomes[intent.checkout_id] = replace(found, settled=True)

        await self._step("finish", end)

    async def unsettled(self, before: datetime, *, limit: int) -> list[Intent]:
        def read() -> list[Intent]:
            return [i for _, i in sorted(self.db.outcomes.items()) if not i.settled and i.since < before]

        return await self._step("unsettled?", read, writes=False)

    def _insert(self, intent: Intent) -> bool:
        return self.db.outcomes.setdefault(intent.checkout_id, intent) is intent

    def _change(self, checkout_id: str, attempt: str, **changes: Any) -> Intent | None:
        found = self.db.outcomes.get(checkout_id)
        if found is None or not self._is_pending(found, attempt):
            return None
        changed = self.db.outcomes[checkout_id] = replace(found, **changes)
        return changed

    def _is_pending(self, found: Intent, attempt: str) -> bool:
        return found.state is State.PENDING and found.attempt == attempt


class Holds(Part):
    async def stands(self, ids: Sequence[str]) -> dict[str, Stand]:
        return await self._step("stands?", lambda: {id: self._stand(id) for id in ids}, writes=False)

    async def hold(self, intent: Intent, line: Line, *, at: datetime) -> Hold | None:
        return await self._step("hold", lambda: self._hold(intent, line, at))

    async def put_back(self, hold: Hold, *, at: datetime) -> tuple[Hold, Stand] | None:
        return await self._step("put back", lambda: self._put_back(hold, at))

    async def forget(self, hold: Hold) -> None:
        def pull() -> None:
            self.db.holds[hold.product_id] = tuple(
                h for h in self._of(hold.product_id) if (h.checkout_id, h.version) != (hold.checkout_id, hold.version)
            )

        await self._step("forget", pull)

    async def left(self, before: datetime, *, limit: int) -> list[Hold]:
        def read() -> list[Hold]:
            return [h for _, holds in sorted(self.db.holds.items()) for h in holds if h.taken.at < before]

        return await self._step("left?", read, writes=False)

    def _of(self, product_id: str) -> tuple[Hold, ...]:
        return self.db.holds.get(product_id, ())

    def _stand(self, id: str) -> Stand:
        return Stand(self.db.shelves[id], self._of(id))

    def _has(self, intent: Intent, product_id: str) -> bool:
        return any(h.belongs_to(intent.checkout_id, intent.attempt) for h in self._of(product_id))

    def _hold(self, intent: Intent, line: Line, at: datetime) -> Hold | None:
        shelf = self.db.shelves[line.product_id]
        if shelf.for_sale and shelf.stock >= line.quantity and not self._has(intent, line.product_id):
            move = Move(shelf.version + 1, shelf.stock, at)
            taken = Hold(
                product_id=line.product_id,
                checkout_id=intent.checkout_id,
                attempt=intent.attempt,
                quantity=line.quantity,
                name=shelf.name,
                price=shelf.price,
                taken=move,
            )
            self.db.holds[line.product_id] = (*self._of(line.product_id), taken)
            self._add(line.product_id, -line.quantity)
        return self._stand(line.product_id).held_for(intent.checkout_id, intent.attempt)

    def _put_back(self, hold: Hold, at: datetime) -> tuple[Hold, Stand] | None:
        found = next((h for h in self._of(hold.product_id) if h.version == hold.version), None)
        if found is None or found.returned is not None:
            return found and (found, self._stand(hold.product_id))
        shelf = self.db.shelves[hold.product_id]
        returned = replace(found, returned=Move(shelf.version + 1, shelf.stock, at))
        self.db.holds[hold.product_id] = tuple(returned if h is found else h for h in self._of(hold.product_id))
        self._add(hold.product_id, hold.quantity)
        return returned, self._stand(hold.product_id)

    def _add(self, product_id: str, units: int) -> None:
        shelf = self.db.shelves[product_id]
        self.db.shelves[product_id] = replace(shelf, stock=shelf.stock + units, version=shelf.version + 1)


class Paper(Part):
    async def write_orders(self, orders: Sequence[Order]) -> None:
        await self._step("orders", lambda: [self.db.orders.setdefault(o.id, o) for o in orders] and None)

    async def write_logs(self, logs: Sequence[StockLog]) -> None:
        await self._step("logs", lambda: [self.db.logs.setdefault(log.id, log) for log in logs] and None)

    async def write_notices(self, told: Sequence[Any]) -> None:
        """Nothing that the model checks rests on them: no step, or there would be far more orders to explore."""


class CartMarks(Part):
    async def mark(self, buyer_id: str, version: int, mine: Mark) -> Mark | None:
        def mark() -> Mark | None:
            cart = self.db.carts[buyer_id]
            if not cart.lines:
                raise EmptyCart
            return self.db.marks.setdefault(buyer_id, mine) if cart.version == version else None

        return await self._step("mark", mark)

    async def take_over(self, buyer_id: str, version: int, held: Mark, mine: Mark) -> None:
        def take() -> None:
            if self.db.marks.get(buyer_id) == held and self.db.carts[buyer_id].version == version:
                self.db.marks[buyer_id] = mine

        await self._step("take cart over", take)

    async def unmark(self, buyer_id: str, mine: Mark) -> None:
        def unmark() -> None:
            if self.db.marks.get(buyer_id) == mine:
                del self.db.marks[buyer_id]

        await self._step("unmark", unmark)

    async def empty(self, buyer_id: str, version: int, mine: Mark) -> None:
        def empty() -> None:
            if self.db.carts[buyer_id].version == version:
                self.db.carts[buyer_id] = Cart(buyer_id, (), version + 1)
                self.db.marks.pop(buyer_id, None)

        await self._step("empty", empty)
        await self.unmark(buyer_id, mine)
