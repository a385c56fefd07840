"""`hot_item`: everyone wants one product. What conflicts, conflicts here."""

from __future__ import annotations

from locust import task

from loadtests.common.shopper import Shopper


class HotItem(Shopper):
    @task
    def buy_the_hot_item(self) -> None:
        self.buy([(self.stage.products[0], self.dice.choice((1, 1, 1, 2, 3)))])
