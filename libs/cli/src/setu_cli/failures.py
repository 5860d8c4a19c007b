"""What can go wrong for someone at the command line: one clear sentence, and the command that comes next."""

from setu_common.errors import SetuError


class StackFailed(SetuError):
    """A process of the stack could not be started, or did not become ready."""

    code = "stack-failed"
    title = "The stack could not be started"


class StackRunning(SetuError):
    """A stack runs already in this data folder."""

    code = "stack-running"
    title = "A stack is running already"
    status = 409


class StackNotRunning(SetuError):
    """No stack runs in this data folder."""

    code = "stack-not-running"
    title = "No stack is running"
    status = 409


class PortInUse(SetuError):
    """Another program listens on a port that the stack was told to use."""

    code = "port-in-use"
    title = "The port is in use"
    status = 409


class ServerMissing(SetuError):
    """A server's program is not installed."""

    code = "server-missing"
    title = "A server's program is not installed"
