"""The catalogue in a worker's memory, as finished answers, exact by marks and the change feed (docs/cache.md)."""
