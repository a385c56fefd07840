"""Products: `ports.Products` on MongoDB."""

from __future__ import annotations

from pymongo import ReadPreference

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.product_edits import ProductEdits
from shardmart.adapters.mongo.product_reads import ProductReads
from shardmart.adapters.mongo.transactions import Transactions
from shardmart.domain.cache_ports import Marks


@repository
class MongoProducts(ProductReads, ProductEdits):
    def __init__(
        self,
        mongo: Mongo,
        transactions: Transactions,
        *,
        secondary_reads: bool = False,
        marks: Marks | None = None,
    ) -> None:
        ProductReads.__init__(self, mongo, secondary_reads=secondary_reads)
        ProductEdits.__init__(self, mongo, transactions, marks)


@repository
class CommittedProducts(ProductReads):
    """`cache_ports.CatalogueSource`: what a majority has, from the primary."""

    def __init__(self, mongo: Mongo) -> None:
        super().__init__(mongo)
        products = mongo.collection("products", majority=True)
        self._products = self._catalogue = products.with_options(read_preference=ReadPreference.PRIMARY)
