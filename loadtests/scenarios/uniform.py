"""`uniform`: checkouts of one line, spread evenly over the products."""

from __future__ import annotations

from locust import task

from loadtests.common.shopper import Shopper


class Uniform(Shopper):
    @task
    def buy_anything(self) -> None:
        self.buy([(self.any_product(), 1)])
