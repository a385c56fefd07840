"""One scenario a file, each a Locust user; what they need in the shop stands in common/needs.py."""
