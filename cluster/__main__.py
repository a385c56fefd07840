"""python -m cluster: see cli.py."""

import sys

from cluster import signals

if __name__ == "__main__":
    if sys.argv[1:2] in (["demo"], ["supervise"]):
        signals.listen()
    from cluster.cli import main  # after listen(): it is slow, and a signal in that time must not be lost

    sys.exit(main())
