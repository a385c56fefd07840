"""A development router: speaks MongoDB's wire protocol and routes to shards where there is no `mongos`.

For laptops and CI only; deployments use the real `mongos`. `docs/router.md` says how it works and what
it refuses, and has a map of the modules.
"""
