"""A batch, without a database: it ends where its members, run one by one, would have ended."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shardmart.adapters.mongo.group.batch import Batch, Books
from shardmart.adapters.mongo.group.members import Cancellation, Checkout, Member, ProductEdit
from shardmart.domain.cart import Cart
from shardmart.domain.edits import Edit, edit_log, edited
from shardmart.domain.errors import EmptyCart, InvalidTransition, NotFound, ShardmartError, Unavailable
from shardmart.domain.listings import Product
from shardmart.domain.orders import Order, OrderLine, Status
from shardmart.domain.purchase import Line, Placed, Purchase, Rejected, Shelf, decide
from shardmart.domain.stock import ChangeType

AT = datetime(2026, 1, 1)
SELLERS = [f"{n:024x}" for n in range(1, 4)]
PRODUCTS = [f"{seller}-{n:024x}" for seller in SELLERS for n in (1, 2)]
BUYER, OTHER = "f" * 24, "e" * 24
COUNTER = itertools.count(1)


def product(id: str, stock: int) -> Product:
    return Product(
        *(id, id[:24], "Seller", "Thing", "", Decimal("2.50"), stock, "Things", 5, True, None, 3, AT, AT),
    )


def order(lines: dict[str, int], status: Status) -> Order:
    seller = next(iter(lines))[:24]
    id = f"{seller}-{next(COUNTER):024x}"
    listed = tuple(OrderLine(p, "Thing", n, Decimal("2.50")) for p, n in lines.items())
    return Order(id, id, BUYER, seller, listed, sum(n for n in lines.values()) * Decimal("2.50"), status, AT)


def checkout(lines: dict[str, int], expected: Decimal | None = None, cart: tuple[str, int] | None = None) -> Checkout:
    """`cart`: the buyer whose cart is bought, and its version."""
    wanted = tuple(Line(p, lines[p]) for p in sorted(lines))
    buyer, version = cart or (BUYER, None)
    id = f"{wanted[0].seller_id}-{next(COUNTER):024x}"
    return Checkout(Purchase(id, buyer, wanted, expected, cart_version=version))


def cart(buyer: str, version: int) -> Cart:
    return Cart(buyer, (Line(PRODUCTS[0], 1),), version)


products = st.sampled_from(PRODUCTS)
baskets = st.dictionaries(products, st.integers(1, 4), min_size=1, max_size=3)
edits = st.one_of(
    st.builds(lambda p, d: Edit(p, AT, delta=d), products, st.integers(-5, 5)),
    st.builds(lambda p, n: Edit(p, AT, {"stock": n}), products, st.integers(0, 9)),
    st.builds(lambda p, c: Edit(p, AT, {"price": c}), products, st.sampled_from([Decimal("2.50"), Decimal(3)])),
    st.builds(lambda p, a: Edit(p, AT, {"is_active": a}), products, st.booleans()),
    st.builds(lambda p, v: Edit(p, AT, {"name": "New"}, expected_version=v), products, st.integers(3, 6)),
    st.builds(lambda p: Edit(p, AT, {"is_active": False}, removes=True), products),
)


@st.composite
def scenes(draw: Any) -> tuple[dict[str, Product], dict[str, Order], dict[str, Cart], list[Member]]:
    shop = {id: product(id, draw(st.integers(0, 8))) for id in PRODUCTS[: draw(st.integers(3, 6))]}
    orders = {}
    for _ in range(draw(st.integers(0, 3))):
        seller = draw(st.sampled_from(SELLERS[:1]))
        made = order({id: 2 for id in shop if id.startswith(seller)}, draw(st.sampled_from(list(Status))))
        orders[made.id] = made
    carts = {buyer: cart(buyer, draw(st.integers(1, 3))) for buyer in (BUYER, OTHER)}
    members: list[Member] = []
    for kind in draw(st.lists(st.sampled_from("cccccbbex!"), max_size=12)):
        if kind == "b":
            bought = draw(st.sampled_from([BUYER, OTHER, "a buyer without a cart"])), draw(st.integers(1, 3))
            members.append(checkout(draw(baskets), cart=bought))
        elif kind == "c":
            members.append(checkout(draw(baskets), draw(st.sampled_from([None, None, Decimal("2.50")]))))
        elif kind == "e":
            edit = draw(edits)
            members.append(ProductEdit(f"{edit.product_id[:24]}-{next(COUNTER):024x}", edit))
        elif kind == "x" and orders:
            target = draw(st.sampled_from(list(orders.values())))
            wanted = tuple(line.product_id for line in target.product_list)
            members.append(Cancellation(f"{target.seller_id}-{next(COUNTER):024x}", target.id, wanted, AT))
        elif kind == "!" and members:
            members.append(draw(st.sampled_from(members)))  # the same member twice
    return shop, orders, carts, members


class OneByOne:
    """The shop as a plain loop: what the batch must equal. Decisions come from the domain's own functions."""

    def __init__(self, shop: dict[str, Product], orders: dict[str, Order], carts: dict[str, Cart]) -> None:
        self.shop, self.orders, self.carts = dict(shop), dict(orders), dict(carts)
        self.removed: set[str] = set()
        self.done: dict[str, Any] = {}

    def run(self, member: Member) -> Any:
        if isinstance(member, Checkout):
            verb: Any = self._buy
        else:
            verb = self._cancel if isinstance(member, Cancellation) else self._edit
        if member.id in self.done:
            return self.done[member.id]
        try:
            answer = verb(member)
        except ShardmartError as error:
            return error
        self.done[member.id] = answer
        return answer

    def _buy(self, member: Checkout) -> Any:
        purchase = member.purchase
        outcome = decide(purchase, {id: Shelf.of(p) for id, p in self.shop.items()}, at=AT)
        if isinstance(outcome, Placed):
            if purchase.cart_version is not None:
                self._empty(purchase.buyer_id, purchase.cart_version)
            for line in purchase.lines:
                self._add(line.product_id, -line.quantity)
        return outcome

    def _empty(self, buyer: str, version: int) -> None:
        if buyer not in self.carts or not self.carts[buyer].lines:
            raise EmptyCart
        if self.carts[buyer].version == version:
            self.carts[buyer] = Cart(buyer, (), version + 1)

    def _cancel(self, member: Cancellation) -> Order:
        target = self.orders.get(member.order_id)
        if target is None:
            raise NotFound
        if target.status is not Status.PLACED:
            raise InvalidTransition
        for line in target.product_list:
            self._add(line.product_id, line.quantity)
        self.orders[target.id] = replace(target, status=Status.CANCELLED)
        return self.orders[target.id]

    def _edit(self, member: ProductEdit) -> Product:
        id = member.edit.product_id
        if id not in self.shop or id in self.removed:
            raise NotFound
        self.shop[id] = edited(self.shop[id], member.edit)
        if member.edit.removes:
            self.removed.add(id)
        return self.shop[id]

    def _add(self, id: str, units: int) -> None:
        before = self.shop[id]
        self.shop[id] = replace(before, stock=before.stock + units, version=before.version + 1)


def books_of(shop: dict[str, Product], orders: dict[str, Order], carts: dict[str, Cart] | None = None) -> Books:
    shelves = {id: Shelf.of(p) for id, p in shop.items()}
    return Books(shelves, products=dict(shop), orders=dict(orders), carts=dict(carts or {}))


def told(answer: Any) -> Any:
    """Comparable: errors by class and what they name; a product by what a batch may change."""
    if isinstance(answer, ShardmartError):
        return type(answer).__name__, getattr(answer, "items", ())
    if isinstance(answer, Product):
        return answer.id, answer.stock, answer.version, answer.price, answer.is_active, answer.name
    return answer


@given(scenes())
def test_a_batch_equals_its_members_run_one_by_one(scene: Any) -> None:
    shop, orders, carts, members = scene
    single = OneByOne(shop, orders, carts)
    books = books_of(shop, orders, carts)
    batch = Batch(books, AT)
    seen: set[str] = set()
    for member, answer in zip(members, batch.decide(members), strict=True):
        expected = single.run(member)
        if isinstance(member, ProductEdit) and member.id in seen and not isinstance(expected, ShardmartError):
            continue  # a repeated edit is answered with the product as it is then
        seen.add(member.id)
        assert told(answer) == told(expected)
    assert books.shelves == {id: Shelf.of(p) for id, p in single.shop.items()}
    assert books.carts == single.carts
    assert {c.buyer_id for c in batch.changes.emptied} == {b for b, c in single.carts.items() if not c.lines}
    assert {o.id for o in batch.changes.cancelled} == {
        id for id, o in single.orders.items() if o.status is not orders[id].status
    }


@given(scenes())
def test_units_are_conserved_and_logs_are_a_chain(scene: Any) -> None:
    shop, orders, carts, members = scene
    books = books_of(shop, orders, carts)
    batch = Batch(books, AT)
    batch.decide(members)
    sold: Counter[str] = Counter()
    for _, outcome in batch.changes.outcomes:
        for made in outcome.orders if isinstance(outcome, Placed) else ():
            sold.update({line.product_id: line.quantity for line in made.product_list})
    for made in batch.changes.cancelled:
        sold.subtract({line.product_id: line.quantity for line in made.product_list})
    chains = defaultdict(list)
    for log in batch.changes.logs:
        chains[log.product_id].append(log)
    for id, before in shop.items():
        stock, version, traded = before.stock, before.version, 0
        for log in chains[id]:
            assert log.old_stock == stock and log.version > version and log.new_stock >= 0
            stock, version = log.new_stock, log.version
            if log.change_type in (ChangeType.PURCHASE, ChangeType.CANCELLATION):
                traded += log.old_stock - log.new_stock
        assert (books.shelves[id].stock, traded) == (stock, sold[id])
        assert (id in batch.changes.before) == (books.shelves[id].version != before.version)


@given(scenes())
def test_a_batch_run_again_after_its_commit_changes_nothing_and_answers_checkouts_alike(scene: Any) -> None:
    shop, orders, carts, members = scene
    first_books = books_of(shop, orders, carts)
    first = Batch(first_books, AT)
    answers = first.decide(members)
    again_books = replace_books(first_books)
    again = Batch(again_books, AT)
    repeated = again.decide(members)
    for member, one, two in zip(members, answers, repeated, strict=True):
        if isinstance(one, EmptyCart):  # no outcome, so it is decided again, and no better
            assert not isinstance(two, Placed)
        elif isinstance(member, Checkout):
            assert one == two
        elif not isinstance(one, ShardmartError):
            assert not isinstance(two, ShardmartError)
    done = {
        member.id for member, answer in zip(members, answers, strict=True) if not isinstance(answer, ShardmartError)
    }
    undecided = {m.id for m, answer in zip(members, answers, strict=True) if isinstance(answer, EmptyCart)}
    assert {purchase.checkout_id for purchase, _ in again.changes.outcomes} <= undecided
    assert not {member.id for member in again.changes.markers} & done


def replace_books(books: Books) -> Books:
    """What a second run reads once the first has committed."""
    return Books(
        dict(books.shelves),
        {
            id: replace(p, stock=books.shelves[id].stock, version=books.shelves[id].version)
            for id, p in books.products.items()
        },
        set(books.removed),
        dict(books.orders),
        dict(books.carts),
        dict(books.outcomes),
    )


def test_the_last_unit_wanted_by_three_goes_to_the_first() -> None:
    id = PRODUCTS[0]
    members = [checkout({id: 1}) for _ in range(3)]
    first, *others = Batch(books_of({id: product(id, 1)}, {}), AT).decide(members)
    assert isinstance(first, Placed)
    assert all(isinstance(other, Rejected) and other.items[0].available == 0 for other in others)


def test_one_checkout_twice_in_a_batch_is_decided_once() -> None:
    id = PRODUCTS[0]
    member = checkout({id: 1})
    batch = Batch(books_of({id: product(id, 5)}, {}), AT)
    one, two = batch.decide([member, member])
    assert one is two and isinstance(one, Placed)
    assert len(batch.changes.outcomes) == 1 and len(batch.changes.logs) == 1


def test_a_cart_bought_twice_in_a_batch_is_bought_once() -> None:
    id = PRODUCTS[0]
    members = [checkout({id: 1}, cart=(BUYER, 2)) for _ in range(2)]
    batch = Batch(books_of({id: product(id, 5)}, {}, {BUYER: cart(BUYER, 2)}), AT)
    one, two = batch.decide(members)
    assert isinstance(one, Placed) and isinstance(two, EmptyCart)
    assert batch.books.shelves[id].stock == 4 and batch.changes.emptied == [cart(BUYER, 2)]


def test_a_cart_filled_further_meanwhile_stays() -> None:
    id = PRODUCTS[0]
    batch = Batch(books_of({id: product(id, 5)}, {}, {BUYER: cart(BUYER, 3)}), AT)
    (one,) = batch.decide([checkout({id: 1}, cart=(BUYER, 2))])
    assert isinstance(one, Placed) and not batch.changes.emptied


def test_a_checkout_that_the_reservation_strategy_has_begun_is_not_decided_a_second_time() -> None:
    id = PRODUCTS[0]
    begun = checkout({id: 1})
    books = books_of({id: product(id, 5)}, {})
    books.unsettled.add(begun.id)
    batch = Batch(books, AT)
    answer, other = batch.decide([begun, checkout({id: 1})])
    assert isinstance(answer, Unavailable) and isinstance(other, Placed)
    assert len(batch.changes.outcomes) == 1


def test_a_short_line_leaves_the_other_lines_to_those_behind() -> None:
    plenty, short = PRODUCTS[0], PRODUCTS[2]
    shop = {plenty: product(plenty, 1), short: product(short, 0)}
    both, one = Batch(books_of(shop, {}), AT).decide([checkout({plenty: 1, short: 1}), checkout({plenty: 1})])
    assert isinstance(both, Rejected) and isinstance(one, Placed)


def test_an_edit_that_changes_nothing_moves_no_version() -> None:
    id = PRODUCTS[0]
    same = product(id, 5)
    assert edited(same, Edit(id, AT, {"stock": 5})) is same
    assert edit_log(same, same, "") is None
