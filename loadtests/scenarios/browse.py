"""`browse`: pages of the catalogue, searches, products. Reads only; the ledger stays empty."""

from __future__ import annotations

from locust import between, task

from loadtests.common.shopper import Shopper

WORDS = ("oak lamp", "steel", "cotton bl", "note", "glass vase", "warm", "tent", "puzz", "load run")
SORTS = ("newest", "price", "-price", "name")


class Browse(Shopper):
    """Somebody who looks around: pages and what they list, now and then a search."""

    wait_time = between(0.0, 0.1)

    def on_start(self) -> None:
        super().on_start()
        self.seen: list[str] = [product.id for product in self.stage.products]

    @task(4)
    def look_at_a_page(self) -> None:
        query = f"?sort={self.dice.choice(SORTS)}&in_stock=true"
        page = self.ask("GET", f"/api/products/{query}", name="/api/products/")
        self.seen = [item["id"] for item in page.body.get("items", ())] or self.seen
        if (cursor := page.body.get("next_cursor")) and self.dice.random() < 0.5:
            self.ask("GET", f"/api/products/{query}&cursor={cursor}", name="/api/products/ (next page)")

    @task(2)
    def search(self) -> None:
        words = self.dice.choice(WORDS).replace(" ", "+")
        self.ask("GET", f"/api/products/?q={words}", name="/api/products/?q=")

    @task(6)
    def look_at_a_product(self) -> None:
        self.ask("GET", f"/api/products/{self.dice.choice(self.seen)}", name="/api/products/[id]")

    @task(1)
    def look_at_the_categories(self) -> None:
        self.ask("GET", "/api/products/categories", name="/api/products/categories")
