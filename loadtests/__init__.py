"""Load runs whose verdict can be trusted: Locust drives the shop, a ledger and the audit judge it.

It knows the shop by its outside contract only: HTTP, the documents in MongoDB, `python -m cluster`. Nothing here
imports `shardmart`. Locust and gevent live in processes of their own (locustfile.py); all else is plain threads.
"""
