"""Measures the shop against yardsticks: `python -m bench`. How and what for: docs/performance.md."""
