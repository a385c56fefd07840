"""Products: `ports.Products` on MongoDB."""

from __future__ import annotations

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.product_edits import ProductEdits
from shardmart.adapters.mongo.product_reads import ProductReads
from shardmart.adapters.mongo.transactions import Transactions


@repository
class MongoProducts(ProductReads, ProductEdits):
    def __init__(self, mongo: Mongo, transactions: Transactions, *, secondary_reads: bool = False) -> None:
        ProductReads.__init__(self, mongo, secondary_reads=secondary_reads)
        ProductEdits.__init__(self, mongo, transactions)
