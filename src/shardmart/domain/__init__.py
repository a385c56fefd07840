"""The rules of the shop: no I/O, no web framework, no driver."""
