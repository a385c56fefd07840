"""What can go wrong in a way that the user should read.

ClusterError            one clear line, exit code 2
├── UnknownNode         404 at the control endpoint
├── ActionRefused       409: the action makes no sense in the node's present state
└── AppFailed           the shop did not start, exit code 1
"""


class ClusterError(Exception):
    """A failure with a message for people; `exit_code` is what the command ends with."""

    exit_code = 2


class UnknownNode(ClusterError):
    """There is no node of that name."""


class ActionRefused(ClusterError):
    """The node is not in a state in which this action makes sense."""


class AppFailed(ClusterError):
    """The shop's process ended before it was ready."""

    exit_code = 1
