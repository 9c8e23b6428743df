"""What came of the tests in the rules file, for a terminal and as a document."""

from collections.abc import Iterator, Sequence

from mailbot.document.problems import visible
from mailbot.plan.columns import Paint, Piece, line, plain
from mailbot.plan.document import Json
from mailbot.plan.explain import documents
from mailbot.plan.explain import lines as explanation
from mailbot.plan.steps import counted
from mailbot.plan.tests import Difference, Result

STYLES = {" ": "", "-": "red", "+": "green"}


def lines(results: Sequence[Result], *, width: int, paint: Paint = plain) -> list[str]:
    """A line each, and below those that failed what was expected (-) and what there is instead (+)."""
    found = [text for result in results for text in _result(result, width, paint)]
    failed = sum(not result.passed for result in results)
    if failed:
        found.append(line((("- expected  ", "red"), ("+ got", "green")), width, paint))
    return [*found, line(((_summary(len(results), failed), "bold"),), width, paint)]


def documents_of(results: Sequence[Result]) -> list[Json]:
    """A test each; `got` differs from `expected` where it failed, and then `why` holds the rules in question, key by key."""
    return [_document(result) for result in results]


def _summary(count: int, failed: int) -> str:
    said = counted(count, "test")
    return f"{said}, {failed:,} failed" if failed else f"{said}, all passed" if count else "no tests"


def _result(result: Result, width: int, paint: Paint) -> Iterator[str]:
    case = result.case
    mark: Piece = ("✓", "green") if result.passed else ("✗", "red")
    if result.passed:
        yield line((mark, (f" {visible(case.name)}", "")), width, paint)
        return
    yield line((mark, (f" {visible(case.name)}", "bold"), (f"  {case.position}", "dim")), width, paint)
    if case.unread:
        yield line((("    ", ""), (visible(case.unread), "red")), width, paint)
    for what, found in (("rules", result.rules), ("then", result.then)):
        if any(mark != " " for mark, _ in found):
            yield f"    {what}:"
            yield from (line((("      ", ""), (f"{mark} {visible(text)}", STYLES[mark])), width, paint) for mark, text in found)
    yield from (line((("    ! ", "yellow"), (visible(said), "")), width, paint) for said in result.remarks)
    yield from (f"    {text}" for text in explanation(result.why, width=width - 4, paint=paint))


def _document(result: Result) -> Json:
    case = result.case
    written: Json = {"name": case.name, "file": case.position.file, "line": case.position.line, "passed": result.passed}
    if case.unread:
        return {**written, "unread": case.unread}
    written["rules"] = _both(result.rules)
    if case.then is not None:
        written["then"] = _both(result.then)
    if not result.passed:
        written |= {"remarks": list(result.remarks), "why": documents(result.why)}
    return written


def _both(found: Sequence[Difference]) -> Json:
    return {"expected": [text for mark, text in found if mark != "+"], "got": [text for mark, text in found if mark != "-"]}
