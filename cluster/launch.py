"""Becomes a program that the kernel kills when its parent ends: launch.py PARENT_PID PROGRAM [ARGUMENT ...]

A program of its own and not `preexec_fn`, which may deadlock in a process with threads. Uses the standard library
alone: it is started by path, isolated, so that it costs little.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Set the death signal and execute the program."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):
        sys.exit("the parent ended before the program started")
    try:
        os.execvp(command[0], command)  # noqa: S606 (no shell is what we want)
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
