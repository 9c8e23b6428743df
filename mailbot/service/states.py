"""The states of a watcher, and what leads from one to the next: the whole table.

A watcher is one connection. Whatever happens to it is an Event; what it does next is looked up here, never in a flag.
"""

from enum import StrEnum


class State(StrEnum):
    CONNECT = "connecting"
    LOOK = "looking"            # a full look: LIST, each folder against its cursor, pending that is due
    WAIT = "idle"               # IDLE on the busiest folder; without IDLE, waiting for the next poll
    PASS = "passing"            # noqa: S105  no password. Mail has been announced: in the folder that is idled on, by NOTIFY in others
    REFRESH = "refreshing"      # STATUS of the other folders; ends on the one that is idled on
    SCHEDULE = "scheduled"      # rules whose time has come
    RETRY = "retrying"          # the connection is lost; waiting for the next try
    REFUSED = "refused"         # the login is refused; waiting longer
    STOPPED = "stopped"


class Event(StrEnum):
    UP = "up"                   # connected and logged in
    DONE = "done"
    WOKEN = "woken"             # the server announced something
    REFRESH_DUE = "refresh due"
    LOOK_DUE = "look due"       # every 15 minutes, after a reload, on SIGUSR1, when NOTIFY tells of folders that come or go
    SCHEDULE_DUE = "schedule due"
    LOST = "lost"
    LOGIN_REFUSED = "login refused"
    RETRY_DUE = "retry due"
    STOP = "stop"


S, E = State, Event

CONNECTED = {S.LOOK, S.WAIT, S.PASS, S.REFRESH, S.SCHEDULE}

NEXT: dict[tuple[State, Event], State] = {
    (S.CONNECT, E.UP): S.LOOK,
    (S.LOOK, E.DONE): S.WAIT,
    (S.WAIT, E.WOKEN): S.PASS,
    (S.WAIT, E.REFRESH_DUE): S.REFRESH,
    (S.WAIT, E.LOOK_DUE): S.LOOK,
    (S.WAIT, E.SCHEDULE_DUE): S.SCHEDULE,
    (S.PASS, E.DONE): S.WAIT,
    (S.REFRESH, E.DONE): S.WAIT,
    (S.SCHEDULE, E.DONE): S.REFRESH,
    (S.RETRY, E.RETRY_DUE): S.CONNECT,
    (S.REFUSED, E.RETRY_DUE): S.CONNECT,
    # A server may hang up, or refuse, whatever we are doing.
    **{(state, E.LOST): S.RETRY for state in S if state not in (S.RETRY, S.REFUSED, S.STOPPED)},
    (S.CONNECT, E.LOGIN_REFUSED): S.REFUSED,
    **{(state, E.STOP): S.STOPPED for state in S},
}
