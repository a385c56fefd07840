"""A Locust user who is somebody in the shop, and says what they were told.

A checkout is repeated under the same key until it is answered; anything that is not idempotent is asked for once.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import gevent
from locust import FastHttpUser, constant

from loadtests.common import ledger
from loadtests.common.journal import told
from loadtests.common.once import sent_once
from loadtests.common.playing import current
from loadtests.common.stage import PASSWORD, Person, Product

PATIENCE_SECONDS = 60.0  # how long a checkout is asked for again; the contract promises an answer far sooner
PAUSE_SECONDS = (0.1, 0.3)

Wish = Sequence[tuple[Product, int]]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; status 0: there was none."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))

    @property
    def unanswered(self) -> bool:
        """The shop may have done it or not: ask again."""
        return self.status in (0, 503) or self.code == "checkout_in_progress"


class Shopper(FastHttpUser):
    """Base of all scenarios; subclasses have tasks. `self.dice` decides everything that is left to chance."""

    abstract = True
    wait_time = constant(0)
    network_timeout = 12.0
    connection_timeout = 5.0

    def on_start(self) -> None:
        self.playing = current()
        self.stage, self.journal = self.playing.stage, self.playing.journal
        self.number, self.person = self.playing.enter(self.host or "")
        self.dice = self.playing.dice(self.number)
        self._tokens: dict[str, str] = {}

    # --- asking ----------------------------------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        *,
        name: str,
        expected: Sequence[int] = (200,),
        body: Any = None,
        person: Person | None = None,
        key: str = "",
    ) -> Answer:
        """One request in a person's name (the user's own by default). Any status not expected is a failure."""
        person = person or self.person

        def once() -> Answer:
            headers = {"Authorization": f"Bearer {self._tokens.get(person.email, person.token)}"}
            if key:
                headers["Idempotency-Key"] = key
            return self._send(method, path, f"{method} {name}", expected, json=body, headers=headers)

        answer = once()
        if answer.status == 401:
            self._log_in(person)
            answer = once()
        return answer

    def _send(self, method: str, path: str, name: str, expected: Sequence[int], **options: Any) -> Answer:
        with self.client.request(method, path, name=name, catch_response=True, **options) as response:
            status = int(response.status_code or 0)
            if status in expected:
                response.success()
            else:
                response.failure(f"{status}" if status else "no answer")
            content = bytes(response.content or b"")
        answer: Any = None
        with suppress(ValueError):
            answer = json.loads(content)
        return Answer(status, answer if isinstance(answer, dict) else {})

    def _log_in(self, person: Person) -> None:
        """The access token ran out."""
        body = {"email": person.email, "password": PASSWORD}
        with self.client.post(
            "/api/auth/login", name="POST /api/auth/login", json=body, catch_response=True
        ) as answer:
            if answer.status_code == 200:
                self._tokens[person.email] = answer.json()["access_token"]
                answer.success()

    # --- what goes into the ledger -----------------------------------------------------------------------

    def buy(self, wish: Wish) -> Answer:
        """A checkout, asked for until it is answered; the last answer."""
        key, asked = uuid.UUID(int=self.dice.getrandbits(128)).hex, time.monotonic()
        lines = [(product.id, quantity) for product, quantity in wish]
        body = {"items": [{"product_id": id, "quantity": quantity} for id, quantity in lines]}
        tries, unavailable, answer = 0, 0, Answer(0)
        try:
            while True:
                tries, answer = tries + 1, Answer(0)
                answer = self.ask(
                    "POST", "/api/orders/", name="/api/orders/", expected=(201, 409), body=body, key=key
                )
                unavailable += answer.status == 503
                if not answer.unanswered or time.monotonic() - asked > PATIENCE_SECONDS:
                    return answer
                gevent.sleep(self.dice.uniform(*PAUSE_SECONDS))
        finally:  # also when the run ends in the middle: then it is unknown
            told_so = told(
                asked, _verdict(answer), status=answer.status, code=answer.code, tries=tries, unavailable=unavailable
            )
            orders = {order["id"]: _lines(order["product_list"]) for order in answer.body.get("orders", ())}
            self.journal.write("checkout", key=key, buyer=self.person.id, lines=lines, orders=orders, **told_so)

    def cancel(self, order_id: str) -> Answer:
        """Asked for once: a second «cancelled» would say nothing about the first."""
        return self._once(
            lambda: self.ask(
                "PUT",
                f"/api/orders/{order_id}/status",
                name="/api/orders/[id]/status",
                expected=(200, 409),
                body={"status": "cancelled"},
            ),
            "cancel",
            order=order_id,
        )

    def change_stock(self, product: Product, delta: int) -> Answer:
        """In the seller's name; the log's reason carries a token of its own."""
        token = uuid.UUID(int=self.dice.getrandbits(128)).hex
        return self._once(
            lambda: self.ask(
                "POST",
                f"/api/products/{product.id}/stock",
                name="/api/products/[id]/stock",
                expected=(200, 409),
                body={"delta": delta, "reason": token},
                person=self.stage.sellers[product.seller],
            ),
            "stock",
            token=token,
            product=product.id,
            delta=delta,
        )

    def _once(self, ask: Callable[[], Answer], what: str, **fields: Any) -> Answer:
        asked, answer = time.monotonic(), Answer(0)
        try:
            with sent_once(self.client):
                answer = ask()
            return answer
        finally:
            told_so = told(
                asked, _verdict(answer), status=answer.status, code=answer.code, unavailable=int(answer.status == 503)
            )
            self.journal.write(what, **fields, **told_so)

    # --- choices ----------------------------------------------------------------------------------------

    def any_product(self) -> Product:
        return self.dice.choice(self.stage.products)


def _verdict(answer: Answer) -> str:
    if answer.status in (200, 201):
        return ledger.ACKNOWLEDGED
    if answer.status == 409 and not answer.unanswered:
        return ledger.REJECTED
    return ledger.UNKNOWN if answer.unanswered else ledger.FAILED


def _lines(product_list: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    return [(line["product_id"], line["quantity"]) for line in product_list]
