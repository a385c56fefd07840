"""Strategy `group`: everything that waits at this moment becomes one transaction. docs/checkout.md explains it."""
