"""What a template can name: the table of fields and the table of filters (rules.md, "Templates")."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailbot.mail.addresses import Address, addresses
from mailbot.mail.dates import date
from mailbot.mail.names import file_name, safe_text
from mailbot.mail.structure import Part
from mailbot.rules.context import Context

_LIST_ID = re.compile(r"<([^<>]*)>[^<>]*\Z")        # RFC 2919: the identifier stands in the last angle brackets
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One field. `read(context, part, format)` is its text, None where the message has none."""

    doc: str
    read: Callable[[Context, Part | None, str], str | None]
    headers: frozenset[str] = frozenset()       # that must have been fetched
    dated: bool = False                         # takes a strftime format
    of_part: bool = False                       # in `save` alone
    always: bool = False                        # no message is without it


def cleaned(value: str, *, for_file: bool) -> str:
    """A stranger's text as (a piece of) one level or path component; "" where nothing is left.

    Delimiters other than "/" are the wire's to encode: only it knows the server's.
    """
    # `%` is LIST's wildcard (RFC 3501 6.3.8); the other one, `*`, goes with what no file name may hold.
    return safe_text(value if for_file else value.replace("%", "_"))


def _address(header: str, attribute: Callable[[Address], str], doc: str) -> Row:
    def read(context: Context, _part: Part | None, _format: str) -> str | None:
        found = addresses(context.message.headers, header)
        return attribute(found[0]) if found else None

    return Row(f"{doc} of the first address in {header.title()}", read, frozenset({header}))


def _whole(address: Address) -> str:
    return address.address


def _domain(address: Address) -> str:
    return address.domain


def _local(address: Address) -> str:
    return address.local


def _display(address: Address) -> str:
    return address.name


def _moment(moment: datetime | None, context: Context, form: str) -> str | None:
    try:
        return None if moment is None else moment.astimezone(context.timezone).strftime(form or "%Y-%m-%d")
    except (OverflowError, ValueError):     # the years 1 and 9999, shifted by a zone
        return None


def _date(context: Context, _part: Part | None, form: str) -> str | None:
    return _moment(date(context.message.headers), context, form)


def _received(context: Context, _part: Part | None, form: str) -> str | None:
    return _moment(context.message.received, context, form)


def _subject(context: Context, _part: Part | None, _format: str) -> str | None:
    return context.message.headers.first("subject")


def _list_id(context: Context, _part: Part | None, _format: str) -> str | None:
    found = _LIST_ID.search(context.message.headers.first("list-id") or "")
    return found[1] if found else None


def _name(_context: Context, part: Part | None, _format: str) -> str | None:
    return file_name(part) if part else None


def _stem(_context: Context, part: Part | None, _format: str) -> str | None:
    return split(file_name(part))[0] if part else None


def _ext(_context: Context, part: Part | None, _format: str) -> str | None:
    return split(file_name(part))[1] if part else None


def split(name: str) -> tuple[str, str]:
    """`a.tar.gz` -> ("a.tar", "gz"); without an extension the second is ""."""
    stem, dot, extension = name.rpartition(".")
    return (stem, extension) if dot and stem else (name, "")


FIELDS: Mapping[str, Row] = {
    **{
        f"{field}.{part}": _address(header, attribute, doc)
        for field, header in (("from", "from"), ("to", "to"), ("sender", "sender"), ("reply_to", "reply-to"))
        for part, attribute, doc in (
            ("address", _whole, "ada@example.org"),
            ("domain", _domain, "example.org"),
            ("local", _local, "ada"),
            ("name", _display, "the display name"),
        )
    },
    "subject": Row("the decoded Subject", _subject, frozenset({"subject"})),
    "list_id": Row("what stands between < and > in List-Id", _list_id, frozenset({"list-id"})),
    "date": Row("the Date header, with a strftime format", _date, frozenset({"date"}), dated=True),
    "received": Row("when it arrived (INTERNALDATE), with a strftime format", _received, dated=True, always=True),
    "uid": Row("its UID", lambda context, _part, _format: str(context.message.uid), always=True),
    "account": Row("the account's name", lambda context, _part, _format: context.account, always=True),
    "folder": Row("the folder it is in", lambda context, _part, _format: context.folder, always=True),
    "name": Row("the part's file name", _name, frozenset({"subject"}), of_part=True),
    "stem": Row("its name without the extension", _stem, frozenset({"subject"}), of_part=True),
    "ext": Row("its extension, without the dot", _ext, frozenset({"subject"}), of_part=True),
    "part": Row("its IMAP part number", lambda _context, part, _format: part.number if part else None, of_part=True),
}


@dataclass(frozen=True, slots=True)
class Filter:
    doc: str
    apply: Callable[[str, str], str]            # (value, argument); `default` alone is given empty values
    argument: str = ""                          # what it needs: "number", "text" or ""


def _slug(value: str, _argument: str) -> str:
    letters = (char for char in unicodedata.normalize("NFKD", value.lower()) if not unicodedata.combining(char))
    return _NOT_WORD.sub("-", unicodedata.normalize("NFC", "".join(letters))).strip("-")


FILTERS: Mapping[str, Filter] = {
    "slug": Filter("small letters and digits of any script, everything else a dash", _slug),
    "lower": Filter("small letters", lambda value, _argument: value.lower()),
    "upper": Filter("capitals", lambda value, _argument: value.upper()),
    "trunc": Filter("the first N characters", lambda value, argument: value[:int(argument)], "number"),
    "default": Filter("this text where the field is missing", lambda value, argument: value or argument, "text"),
}
