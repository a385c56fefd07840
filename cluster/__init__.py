"""Runs MongoDB (and, in a demo, the shop on top of it) as real local processes. Knows nothing of the shop's code.

Who uses whom:

    cli -> commands (up, status, down, kill, ...) -> client --HTTP--> control
    cli -> supervisor -> plan (ports, state of the data directory) -> topology, mongod, datadir
                      -> nodes (one process each, restarts), replica (initiate, wait, step down), relocate
                      -> app (seed, serve, restarts)
                      -> signals, stopping (when to stop), control (the HTTP endpoint)
                      -> guard (starts every child) -> launch.py, guardian.py (see guard for why nothing stays behind)
"""
