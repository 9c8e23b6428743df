"""YAML, made safe (rules.md): text in, positioned values out, every mistake with its place."""

import codecs
import re
from dataclasses import replace

import yaml

from mailbot.document.build import BoundError, Builder, too_deep
from mailbot.document.problems import BREAK, Position, Problems
from mailbot.document.repairs import Repairs
from mailbot.document.slips import slip
from mailbot.document.values import Value

_ITS_OWN_BOUND = "exceeded maximum nesting depth"
LARGEST = 1_000_000     # octets of one file
_REPAIRED = 100_000     # characters of a file that is read again behind each slip

# libyaml reads 8 times as fast; PyYAML may have been built without it.
_Loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What YAML allows no file to hold (1.1, section 4.1), and the byte order mark. (Said as what is forbidden: compiled, the
# complement takes 4 ms of every start.)
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


def load(text: str | bytes, file: str, problems: Problems) -> Value | None:
    """The one document in `text`; an empty one is a Scalar of kind "null". None where it cannot be read at all.

    Values come back even where problems were found, so that their readers find the rest.
    """
    source = _decoded(text, file, problems)
    if source is None:
        return None
    lines = problems.source(file, source)
    if not _is_clean(source, file, problems):
        return None
    repairs = Repairs(lines)
    while True:
        try:
            return _document(Builder(file, source, problems, repairs), source, file)
        except BoundError as error:
            problems.add(error.position, error.what, error.hint)
            return None
        except yaml.MarkedYAMLError as error:
            found = slip(error, file, repairs.lines)
            if repairs.is_known(found):
                return None
            problems.add(replace(found, position=repairs.original(found.position)), found.what, found.hint)
            if problems.full or len(source) > _REPAIRED or not repairs.repair(found):
                return None
            source = "\n".join(repairs.lines)


def _document(builder: Builder, source: str, file: str) -> Value | None:
    try:
        return builder.document(yaml.parse(source, _Loader))
    except yaml.MarkedYAMLError as error:
        # libyaml 0.2.6 stops at 1,000 levels by itself; it reads ahead, so that this may come before any level is ours.
        if error.problem_mark and _ITS_OWN_BOUND in str(error.problem):
            raise too_deep(Position(file, error.problem_mark.line + 1, error.problem_mark.column + 1)) from error
        raise


def _decoded(text: str | bytes, file: str, problems: Problems) -> str | None:
    octets = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if len(octets) > LARGEST:
        hint = f"at most {LARGEST:,}: long lists go into files of their own: {{file: names.txt}}"
        problems.add(Position(file, 1, 1), f"the file has {len(octets):,} octets", hint)
        return None
    if octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        problems.add(Position(file, 1, 1), "the file is in UTF-16", "save it as UTF-8")
        return None
    octets = octets.removeprefix(codecs.BOM_UTF8)       # some editors put it there
    try:
        source = octets.decode()
    except UnicodeDecodeError as error:
        before = octets[:error.start].decode()
        problems.source(file, octets.decode(errors="replace"))
        octet = f"0x{octets[error.start]:02x}"
        problems.add(_place(before, file), f"the octet {octet} is not UTF-8", "save the file as UTF-8")
        return None
    return source


def _is_clean(source: str, file: str, problems: Problems) -> bool:
    clean = True
    for match in _FORBIDDEN.finditer(source):
        clean = False
        what = f"the character U+{ord(match[0]):04X} cannot stand in YAML"
        problems.add(_place(source[:match.start()], file), what, "take it out")
        if problems.full:
            break
    return clean


def _place(before: str, file: str) -> Position:
    """The place right behind `before`."""
    lines = BREAK.split(before)
    return Position(file, len(lines), len(lines[-1]) + 1)
