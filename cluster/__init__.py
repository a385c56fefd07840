"""Runs MongoDB (and, in a demo, the shop on top of it) as real local processes. Knows nothing of the shop's code."""
