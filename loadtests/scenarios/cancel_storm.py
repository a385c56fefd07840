"""`cancel_storm`: buy and cancel at once, so that the same units go out and come back all the time."""

from __future__ import annotations

from locust import task

from loadtests.common.shopper import Shopper

REGRETTED = 0.8


class CancelStorm(Shopper):
    @task
    def buy_and_regret(self) -> None:
        answer = self.buy([(self.any_product(), self.dice.randint(1, 3))])
        for order in answer.body.get("orders", ()):
            if self.dice.random() < REGRETTED:
                self.cancel(order["id"])
