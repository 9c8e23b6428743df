"""The command line: which command, which options, which exit code. One file a command; only the one asked for is imported."""

import argparse
import difflib
import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn, Protocol

from mailbot import __version__
from mailbot.errors import ConfigError, MailbotError, UsageError

COMMANDS = {
    "run": "watch the mailboxes and filter: what the container runs",
    "plan": "show what the rules would do to the mail that is already there",
    "apply": "do it: show the plan, ask, carry it out",
    "check": "look through the rules file: all mistakes with line and column",
    "test": "run the tests in the rules file, without a server",
    "explain": "say why each rule does, or does not do, something to one message",
    "schema": "print the JSON Schema of the rules file, for editors",
    "history": "show what was done, with IDs; --parked: what is parked",
    "undo": "take back what was done, as far as that goes",
    "folders": "list the folders: special uses, counts, flags",
    "status": "tell how one folder stands: EXISTS, UNSEEN, UIDNEXT, UIDVALIDITY, flags",
    "messages": "list the messages of a folder, or those that match a condition",
    "search": "print the UIDs of the messages that match a condition",
    "show": "show a message: its structure as a tree, or one part of it",
    "append": "put messages from files into a folder",
    "create": "make a folder, and subscribe to it",
    "delete": "delete a folder with all that is in it",
    "rename": "rename a folder, with those below it",
    "browse": "look around by hand: folder, message, part; changes nothing",
    "init": "write a first rules file: find the server, check the login",
    "completion": "print the completion script for a shell: bash, zsh, fish",
    "auth": "sign in to a provider with OAuth2, look at the token, sign out",
    "demo": "show it at work, on a mail server in memory that is gone afterwards",
    "health": "say whether the running service is well, for HEALTHCHECK and probes",
}


class Command(Protocol):
    def arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def main(self, options: argparse.Namespace) -> int: ...


class Parser(argparse.ArgumentParser):
    """argparse ends with 2 on bad usage; here that is 64 (EX_USAGE), since 2 means "there are changes"."""

    def error(self, message: str) -> NoReturn:
        self.exit(UsageError.exit_code, f"{self.prog}: {message} (`{self.prog} --help` tells what it takes)\n")


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except ConfigError as error:
        print("\n".join(error.problems) or f"mailbot: {error}", file=sys.stderr)
        return error.exit_code
    except MailbotError as error:
        # A server's words may stand in it: no control character reaches the terminal.
        said = "".join(char if char.isprintable() or char == "\n" else "·" for char in str(error))
        print(f"mailbot: {said}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return _drop_stdout()       # its reader has gone (`mailbot plan | head`)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO) or error.filename:
            raise
        print(f"mailbot: the output cannot be written: {error.strerror}", file=sys.stderr)
        return _drop_stdout()
    except KeyboardInterrupt:
        print("mailbot: interrupted", file=sys.stderr)
        return 130


def _drop_stdout() -> int:
    """Python would complain once more while flushing at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _run(arguments: list[str]) -> int:
    _, rest = global_options().parse_known_args(arguments)     # "--account run plan": only "plan" is a command
    name = next((word for word in rest if word in COMMANDS), None)
    if name is None and (unknown := next((word for word in rest if not word.startswith("-")), None)):
        near = difflib.get_close_matches(unknown, COMMANDS, n=1)
        raise UsageError(f"there is no command {unknown!r}: {f'did you mean {near[0]}?' if near else '`mailbot --help` lists them'}")
    if name == "run":
        # As PID 1 of a container it would not hear SIGTERM at all; the service has a handler of its own, but it is not there yet.
        signal.signal(signal.SIGTERM, _leave)
    parser = _parser(name)
    options, more = parser.parse_known_args(arguments)
    if more and (any(word.startswith("-") for word in more) or not hasattr(options, "condition")):
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    if more:        # argparse takes the words of a condition that stand behind an option for nobody's
        options.condition += more
    if options.command is None:
        parser.print_help()
        return UsageError.exit_code
    command: Command = importlib.import_module(f"mailbot.cli.{options.command}")
    code = command.main(options)
    sys.stdout.flush()      # what cannot be written is found out here, not at Python's exit
    return code


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise SystemExit(0)


def _parser(asked_for: str | None) -> Parser:
    everywhere = global_options()
    parser = Parser(prog="mailbot", parents=[everywhere],
                    description="A mail filter for IMAP mailboxes. `mailbot demo` shows it at work, `mailbot init` writes a first "
                                "rules file.",
                    epilog="Exit codes: 0 well, 1 something failed, 2 there are changes (plan --detailed-exitcode), 64 usage, "
                           "69 server unreachable, 73 another bot holds the lock, 77 login refused, 78 bad configuration.")
    parser.add_argument("--version", action="version", version=f"mailbot {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".",
                                  parents=[global_options(argparse.SUPPRESS)])
        if name == asked_for:       # the others are not asked for their options: importing them takes time
            command: Command = importlib.import_module(f"mailbot.cli.{name}")
            command.arguments(sub)
    return parser


def global_options(default: str | None = None) -> Parser:
    """Understood before and after the command's name; after it, what is not given must not undo what stood before."""
    parser = Parser(prog="mailbot", add_help=False)

    def option(*names: str, **more: object) -> None:
        if default is not None:
            more["default"] = default
        parser.add_argument(*names, **more)     # type: ignore[arg-type]  # argparse's own typing of keywords

    option("-c", "--config", metavar="FILE|DIR",
           help="the rules: a file, or a directory of *.yaml ($MAILBOT_CONFIG, else ./rules.yaml)")
    option("--account", metavar="NAME", help="this account only")
    option("--json", action="store_true", help="one JSON document on stdout")
    option("--log-format", choices=("console", "json"), help="default: console on a terminal, json elsewhere")
    option("--log-level", choices=("debug", "info", "warning", "error"), help="default: info")
    option("--color", choices=("auto", "always", "never"), help="default: auto; NO_COLOR is respected")
    option("-q", "--quiet", action="store_true", help="no progress")
    return parser
