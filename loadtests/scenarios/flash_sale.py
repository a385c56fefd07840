"""`flash_sale`: an open workload. Customers arrive whether or not the shop answers, by a shape over the run's time.

Every user is one customer: they arrive at a moment drawn from the shape, buy once, and are gone. Locust starts all
of them at the beginning and they wait for their moment, so that arrivals follow the shape and not the answers.
"""

from __future__ import annotations

import time

import gevent
from locust import task
from locust.exception import StopUser

from loadtests.common.arrivals import moment
from loadtests.common.shopper import Shopper


class FlashSale(Shopper):
    @task
    def buy_once(self) -> None:
        opened = self.playing.opened
        arrival = opened + moment(self.dice.random()) * self.stage.seconds
        gevent.sleep(max(0.0, arrival - time.monotonic()))
        self.ask("GET", f"/api/products/{self.stage.products[0].id}", name="/api/products/[id]")
        self.buy([(self.stage.products[0], 1)])
        raise StopUser
