"""`restock`: sellers add and take stock while buyers buy; the shelves are often empty."""

from __future__ import annotations

from locust import task

from loadtests.common.shopper import Shopper


class Restock(Shopper):
    """Every user is mostly a buyer and now and then the seller of what they buy."""

    @task(6)
    def buy_some(self) -> None:
        self.buy([(self.any_product(), self.dice.randint(1, 4))])

    @task(2)
    def put_more_on_the_shelf(self) -> None:
        self.change_stock(self.any_product(), self.dice.randint(1, 12))

    @task(1)
    def take_some_off_the_shelf(self) -> None:
        self.change_stock(self.any_product(), -self.dice.randint(1, 3))
