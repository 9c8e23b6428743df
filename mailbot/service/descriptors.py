"""Open files: three for each connection. Systems let a process have 1,024 at first, and more where it asks (setrlimit(2))."""

import resource

ENOUGH = 65_536         # not all there may be: a password's command inherits it, and some close one by one up to the limit
EACH = 3                # the socket, and the two ends of the pipe that wakes
OTHERS = 100


def raise_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def lacking(connections: int) -> str:
    """Why so many connections may not be had; "" where they may."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = EACH * connections + OTHERS
    if soft == resource.RLIM_INFINITY or needed <= soft:
        return ""
    return f"{connections} accounts need {needed} open files at least, and {soft} are allowed: raise LimitNOFILE= or `ulimit -n`"
