"""Moments as the journal keeps them: UTC, ISO 8601 with microseconds, so that they sort as text. "" is none."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
