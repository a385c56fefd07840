"""The idempotency protocol in every order of its steps, with crashes, lost answers and leases that run out.

What runs are the shop's own functions: `service.checkout.buy` with its claims and leases, `group.Commits` with
`Batch` and its in-doubt commits, the saga of `reservation` with its sweeper. Only the database beneath is a
dictionary. The second half breaks the protocol in small ways, and the model must tell the story of each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shardmart.adapters.mongo import transactions
from shardmart.adapters.mongo.group import commit
from shardmart.adapters.mongo.group.commit import Commits
from shardmart.adapters.mongo.group.members import Answer as Answered
from shardmart.adapters.mongo.group.members import Checkout
from shardmart.adapters.mongo.group.tickets import Ticket
from shardmart.adapters.mongo.reservation import checkout as saga
from shardmart.adapters.mongo.reservation import recovery
from shardmart.adapters.mongo.reservation.checkout import ReservationCheckout
from shardmart.adapters.mongo.reservation.recovery import MongoRecovery
from shardmart.adapters.mongo.reservation.settlement import Settlement
from shardmart.domain import clock, purchase
from shardmart.domain.accounts import Actor, Role
from shardmart.domain.cart import Cart
from shardmart.domain.errors import Conflict, EmptyCart, IdempotencyKeyReused, ShardmartError, Unavailable
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Line, Outcome, Placed, Purchase
from shardmart.domain.reservations import Intent, State
from shardmart.service.checkout import Answer, buy
from tests.unit.builders import BUYER, PRODUCTS, a_shelf
from tests.unit.in_memory import RULES
from tests.unit.model import database
from tests.unit.model.database import Database
from tests.unit.model.explorer import Broken, Budget, Model, World, alone, explore
from tests.unit.model.transacting import Transacting

LAMP, VASE = PRODUCTS[0], PRODUCTS[2]
MOST_PAUSES = 2  # then the deadline has passed
Wish = tuple[str | None, tuple[Line, ...] | None]  # the key, and the lines; None: the cart


class Shopping(Model):
    """Buyers with their wishes, each a process of its own: a worker that serves one request."""

    wishes: tuple[Wish, ...] = ()
    stocks: tuple[int, ...] = (3, 3)
    cart: tuple[Line, ...] = ()
    claims_itself = False

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        self._patch = monkeypatch
        for name, value in settings.items():
            setattr(self, name, value)

    def begin(self, world: World) -> Database:
        self._patch.setattr(clock, "now", world.time)
        for module in (purchase, saga):
            self._patch.setattr(module, "new_id", world.new_id)
        for module in (transactions, commit):
            self._patch.setattr(module, "pause", _pause(world))
        self._patch.setattr(recovery, "AT_ONCE", 1)  # several sweepers at once are processes, not tasks of one
        shelves = [a_shelf(id, stock=stock) for id, stock in zip((LAMP, VASE), self.stocks, strict=True)]
        db = Database.of(*shelves)
        if self.cart:
            db.carts[BUYER] = Cart(BUYER, self.cart, 1)
        self.world, self.shop = world, self.wire(db, world)
        world.start(*(self._request(*wish) for wish in self.wishes))
        return db

    def wire(self, db: Database, world: World) -> Any:
        return SimpleNamespace(
            rules=RULES,
            products=SimpleNamespace(known=_yes),
            carts=_Carts(db),
            claims=database.Claims(db, world),
            outcomes=database.Outcomes(db, world),
        )

    def checkout(self) -> Any:
        """A worker's own strategy."""
        raise NotImplementedError

    def _request(self, key: str | None, lines: tuple[Line, ...] | None) -> Callable[[], Any]:
        def work() -> Any:
            strategy = self.checkout()
            parts = {"checkout": strategy, "claiming": strategy if self.claims_itself else None}
            shop = SimpleNamespace(**vars(self.shop), **parts)
            return buy(shop, Actor(BUYER, Role.BUYER, "s"), lines=lines, expected_total=None, key=key)

        return work

    def check(self, db: Database, world: World) -> None:
        wrong = list(db.of_products())
        assert not wrong, wrong

    async def tidy(self, db: Database, world: World) -> None:
        """What the sweeper does in the end."""

    async def end(self, db: Database, world: World) -> None:
        told = [process.told for process in world.processes]
        world.now += timedelta(minutes=1)  # whatever was left is old by now
        await self.tidy(db, world)
        wrong = list(db.of_everything())
        assert not wrong, wrong
        final: dict[Wish, Any] = {}
        for (key, lines), answer in zip(self.wishes, told, strict=True):
            if key is not None and (key, lines) not in final:
                final[key, lines] = await self._ask_again(world, key, lines)
            self._compare(db, answer, final.get((key, lines)))
        await self.tidy(db, world)
        wrong = list(db.of_everything())
        assert not wrong, wrong
        placed = [i for i in db.outcomes.values() if isinstance(i.outcome, Placed)]
        assert len({i.purchase.claim_id for i in placed if i.purchase.claim_id}) == len(
            [i for i in placed if i.purchase.claim_id]
        ), "two checkouts under one key"
        if self.cart:
            assert len(placed) <= 1, "one cart was bought twice"

    async def _ask_again(self, world: World, key: str, lines: tuple[Line, ...] | None) -> Any:
        try:
            return (await alone(world, self._request(key, lines))).outcome
        except (EmptyCart, IdempotencyKeyReused) as error:
            return error

    def _compare(self, db: Database, answer: Any, final: Any) -> None:
        if isinstance(answer, Answer):
            assert final is None or answer.outcome == final, f"first {answer.outcome}, then {final}"
            kept = db.outcomes.get(answer.outcome.checkout_id)
            assert kept is not None and kept.outcome == answer.outcome, "an answer was forgotten"
        elif answer is not None:
            assert isinstance(answer, Unavailable | Conflict | EmptyCart | IdempotencyKeyReused), answer


def committer(db: Database, world: World) -> Any:
    """A worker's strategy `group`, with a committer of its own."""
    mongo: Any = Transacting(db, world)
    commits = Commits(mongo, mongo)
    commits._store = mongo

    async def place(purchase: Purchase, *, deadline: float, claim: Claim | None = None) -> Outcome:
        answer = asyncio.get_running_loop().create_future()
        await commits.settle([Ticket(Checkout(purchase, claim), deadline=deadline, since=0.0, answer=answer)])
        given: Answered = answer.result()
        if isinstance(given, ShardmartError):
            raise given
        return cast("Outcome", given)

    async def claim_and_place(claim: Claim, *, deadline: float) -> Outcome:
        return await place(claim.purchase, deadline=deadline, claim=claim)

    return SimpleNamespace(place=place, claim_and_place=claim_and_place)


class Group(Shopping):
    """Every worker has a committer of its own."""

    def checkout(self) -> Any:
        return committer(self.shop.claims.db, self.world)


class Claiming(Group):
    """As on a replica set: the claim rides with its checkout."""

    claims_itself = True


class Reservation(Shopping):
    def wire(self, db: Database, world: World) -> Any:
        shop = super().wire(db, world)
        self.intents, self.holds = database.Intents(db, world), database.Holds(db, world)
        self.marks: Any = database.CartMarks(db, world)
        paper: Any = database.Paper(db, world)
        self.settlement = Settlement(self.intents, self.holds, self.marks, paper)  # type: ignore[arg-type]
        return shop

    def checkout(self) -> Any:
        return ReservationCheckout(self.intents, self.holds, self.marks, self.settlement)  # type: ignore[arg-type]

    async def tidy(self, db: Database, world: World) -> None:
        await alone(world, self.sweeper())

    def sweeper(self) -> Callable[[], Any]:
        sweeper = MongoRecovery(self.intents, self.holds, self.settlement)  # type: ignore[arg-type]
        return lambda: sweeper.sweep(before=self.world.now + timedelta(seconds=1))


class Swept(Reservation):
    """The sweeper takes whom it meets for dead."""

    def begin(self, world: World) -> Database:
        db = super().begin(world)
        world.start(self.sweeper())
        return db

    async def end(self, db: Database, world: World) -> None:
        sweeper = world.processes.pop(len(self.wishes))
        assert not isinstance(sweeper.told, ShardmartError) or isinstance(sweeper.told, Unavailable)
        await super().end(db, world)


class Rolling(Reservation):
    """In the middle of a restart with another strategy: the first request meets `reservation`, the others `group`."""

    def begin(self, world: World) -> Database:
        self.begun = 0
        return super().begin(world)

    def checkout(self) -> Any:
        self.begun += 1
        return super().checkout() if self.begun == 1 else committer(self.shop.claims.db, self.world)


class _Carts:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, buyer_id: str) -> Cart:
        return self._db.carts[buyer_id]

    async def clear(self, buyer_id: str, *, version: int) -> None:
        """Only ever what the strategy has done already."""
        assert self._db.carts[buyer_id].version != version or not self._db.carts[buyer_id].lines


async def _yes(ids: Any) -> bool:
    return True


def _pause(world: World) -> Any:
    async def pause(attempt: int, until: float, cause: Exception) -> None:
        if attempt > MOST_PAUSES:
            raise Unavailable from cause
        await world.step("pause", lambda: None, writes=False)

    return pause


TWO = (Line(LAMP, 2),)
ACROSS = (Line(LAMP, 2), Line(VASE, 2))


CRASH, LEASE, LOST = Budget(crashes=1), Budget(leases=1), Budget(losses=1)
CRASH_AND_LEASE = Budget(crashes=1, leases=1)
SAME_KEY: tuple[Wish, ...] = (("k", TWO), ("k", TWO))
TWO_BODIES: tuple[Wish, ...] = (("k", TWO), ("k", (Line(VASE, 2),)))
TWO_KEYS: tuple[Wish, ...] = (("k", TWO), ("j", TWO))
OVER_SELLERS: tuple[Wish, ...] = ((None, ACROSS), (None, ACROSS))
ONE: tuple[Wish, ...] = (("k", ACROSS),)
TABS: tuple[Wish, ...] = ((None, None), (None, None))


@pytest.mark.parametrize(
    ("wishes", "budget"),
    [
        (SAME_KEY, CRASH_AND_LEASE),
        (SAME_KEY, Budget(losses=2)),
        (TWO_BODIES, Budget(crashes=1, losses=1)),
        (SAME_KEY, Budget(crashes=1, losses=1, leases=1)),
        (TWO_KEYS, Budget(crashes=1, losses=1)),
        (OVER_SELLERS, LOST),
    ],
)
@pytest.mark.parametrize("model", [Group, Claiming])
def test_two_committers_keep_every_promise(
    monkeypatch: pytest.MonkeyPatch, model: type[Group], wishes: tuple[Wish, ...], budget: Budget
) -> None:
    assert explore(model(monkeypatch, wishes=wishes, budget=budget)).endings > 10


@pytest.mark.parametrize(
    ("wishes", "budget"),
    [
        (ONE, CRASH_AND_LEASE),
        (ONE, Budget(losses=2)),
        (SAME_KEY, LEASE),
        pytest.param(SAME_KEY, CRASH_AND_LEASE, marks=pytest.mark.soak),
        (OVER_SELLERS, Budget()),
        pytest.param(OVER_SELLERS, CRASH, marks=pytest.mark.soak),
    ],
)
def test_the_saga_keeps_every_promise(
    monkeypatch: pytest.MonkeyPatch, wishes: tuple[Wish, ...], budget: Budget
) -> None:
    model = Reservation(monkeypatch, wishes=wishes, budget=budget, stocks=(4, 3))
    assert explore(model, most=1_000_000).endings > 10


@pytest.mark.parametrize("budget", [Budget(), pytest.param(LOST, marks=pytest.mark.soak)])
def test_two_tabs_buy_one_cart_once(monkeypatch: pytest.MonkeyPatch, budget: Budget) -> None:
    model = Reservation(monkeypatch, wishes=TABS, cart=(Line(LAMP, 1),), budget=budget)
    assert explore(model, most=1_000_000).endings > 10


@pytest.mark.parametrize(
    ("key", "budget"),
    [(None, Budget()), (None, LOST), ("k", CRASH), pytest.param("k", LOST, marks=pytest.mark.soak)],
)
def test_two_tabs_buy_one_cart_once_whatever_their_workers_strategies(
    monkeypatch: pytest.MonkeyPatch, key: str | None, budget: Budget
) -> None:
    model = Rolling(monkeypatch, wishes=((key, None), (None, None)), cart=(Line(LAMP, 1),), budget=budget)
    assert explore(model).endings > 4


@pytest.mark.parametrize("pauses", [0, pytest.param(1, marks=pytest.mark.soak)])
def test_the_sweeper_may_come_at_any_moment(monkeypatch: pytest.MonkeyPatch, pauses: int) -> None:
    monkeypatch.setattr(f"{__name__}.MOST_PAUSES", pauses)
    assert explore(Swept(monkeypatch, wishes=((None, TWO),))).endings > 10


# ---- the protocol broken: the model must tell a story


async def claimed_by_whoever_asks(self: database.Claims, claim: Claim) -> bool:
    return await self.world.step("claim", lambda: self.db.claims.update({claim.id: claim}) is None)


def kept_whatever_its_version(self: Intent, hold: Any) -> bool:
    return self.state is State.PLACED


async def undone_by_nobody(self: database.Intents, checkout_id: str, attempt: str) -> None: ...


BREACHES: dict[str, tuple[type[Shopping], tuple[Wish, ...], Budget, str, Any]] = {
    "an outcome that is not unique": (Group, SAME_KEY, CRASH_AND_LEASE, "Database.unique", False),
    "a claim of whoever asks": (Group, SAME_KEY, Budget(), "Claims.take", claimed_by_whoever_asks),
    "a claim that is not unique": (Claiming, TWO_BODIES, Budget(), "Database.unique_claims", False),
    "a decision whatever became of the attempt": (
        Swept, ((None, TWO),), Budget(), "Intents._is_pending", lambda self, found, attempt: not found.settled,
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", BREACHES)
def test_a_protocol_that_is_broken_is_found_out(monkeypatch: pytest.MonkeyPatch, breach: str) -> None:
    model, wishes, budget, where, broken = BREACHES[breach]
    owner, name = where.split(".")
    monkeypatch.setattr(getattr(database, owner), name, broken)
    with pytest.raises(Broken, match="process 0"):
        explore(model(monkeypatch, wishes=wishes, budget=budget))


def test_holds_given_back_while_their_attempt_is_pending_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweeper undoes an attempt first, and looks whether it is over: without the first it gives nothing back."""
    monkeypatch.setattr(database.Intents, "undo", undone_by_nobody)
    assert explore(Swept(monkeypatch, wishes=((None, TWO),))).endings > 4
    monkeypatch.setattr(Intent, "is_pending", lambda self, attempt: False)
    with pytest.raises(Broken, match="process 0"):
        explore(Swept(monkeypatch, wishes=((None, TWO),)))


@pytest.mark.parametrize("late", ["sent twice", "by the slower of two"])
def test_a_late_hold_that_passes_for_a_counted_one_is_found_out(monkeypatch: pytest.MonkeyPatch, late: str) -> None:
    """The version is the last word: with it, even a product that forgets its holds sells nothing twice."""
    wishes, budget = (SAME_KEY, LEASE) if late == "by the slower of two" else (ONE, LOST)
    if late == "sent twice":
        monkeypatch.setattr(database.Holds, "_has", lambda *_: False)
        assert explore(Reservation(monkeypatch, wishes=wishes, budget=budget, stocks=(4, 4))).endings > 10
    monkeypatch.setattr(Intent, "keeps", kept_whatever_its_version)
    with pytest.raises(Broken, match="process 0"):
        explore(Reservation(monkeypatch, wishes=wishes, budget=budget, stocks=(4, 4)))
