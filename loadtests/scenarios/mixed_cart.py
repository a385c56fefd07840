"""`mixed_cart`: one to five lines of one to four sellers; on a sharded cluster, carts over several shards."""

from __future__ import annotations

from locust import task

from loadtests.common.shopper import Shopper


class MixedCart(Shopper):
    @task
    def buy_a_cart(self) -> None:
        sellers = set(self.dice.sample(range(len(self.stage.sellers)), self.dice.randint(1, len(self.stage.sellers))))
        offered = [product for product in self.stage.products if product.seller in sellers]
        lines = self.dice.sample(offered, min(len(offered), self.dice.randint(1, 5)))
        self.buy([(product, self.dice.randint(1, 3)) for product in lines])
