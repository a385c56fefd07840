"""`mixed`: all of it in shop-like proportions: most look, some buy, few cancel, sellers restock."""

from __future__ import annotations

from locust import between, task

from loadtests.common.shopper import Shopper, Wish
from loadtests.scenarios.browse import SORTS, WORDS


class Mixed(Shopper):
    wait_time = between(0.05, 0.4)

    def on_start(self) -> None:
        super().on_start()
        self.bought: list[str] = []

    @task(24)
    def look_at_a_page(self) -> None:
        self.ask("GET", f"/api/products/?sort={self.dice.choice(SORTS)}", name="/api/products/")

    @task(10)
    def search(self) -> None:
        words = self.dice.choice(WORDS).replace(" ", "+")
        self.ask("GET", f"/api/products/?q={words}", name="/api/products/?q=")

    @task(26)
    def look_at_a_product(self) -> None:
        self.ask("GET", f"/api/products/{self.any_product().id}", name="/api/products/[id]")

    @task(14)
    def buy_a_cart(self) -> None:
        lines = self.dice.sample(self.stage.products, self.dice.randint(1, 3))
        self._buy([(product, self.dice.randint(1, 2)) for product in lines])

    @task(6)
    def buy_what_everybody_wants(self) -> None:
        self._buy([(self.stage.products[0], 1)])

    @task(6)
    def look_at_my_orders(self) -> None:
        self.ask("GET", "/api/orders/my-orders", name="/api/orders/my-orders")

    @task(3)
    def cancel_the_last_order(self) -> None:
        if self.bought:
            self.cancel(self.bought.pop())

    @task(3)
    def restock(self) -> None:
        self.change_stock(self.any_product(), self.dice.randint(1, 20))

    @task(1)
    def look_at_the_sales(self) -> None:
        seller = self.dice.choice(self.stage.sellers)
        self.ask("GET", "/api/seller/stats?days=7", name="/api/seller/stats", person=seller)

    def _buy(self, wish: Wish) -> None:
        answer = self.buy(wish)
        self.bought = (self.bought + [order["id"] for order in answer.body.get("orders", ())])[-20:]
