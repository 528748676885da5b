"""Durations as source files state them: `90s`, `30m`, `24h`, `7d`."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")
_WEEK = 7 * 86400
_WORDS = {
    word: seconds
    for words, seconds in (
        ("s sec secs second seconds", 1), ("m min mins minute minutes", 60), ("h hr hrs hour hours", 3600), ("d day days", 86400),
        ("w week weeks", _WEEK),
    )
    for word in words.split()
}  # fmt: skip
_MOST_EARLY = timedelta(minutes=5)


def duration(value: Any) -> timedelta:
    """A duration by its text. Raises ValueError for any other."""
    if isinstance(value, timedelta):
        return value
    if not (found := _DURATION.fullmatch(str(value).strip())):
        near = _near(str(value))
        raise ValueError(f"{value!r} is no duration, as 90s, 30m, 24h and 7d are" + (f"; did you mean {near}?" if near else ""))
    return timedelta(seconds=float(found.group(1)) * _UNITS[found.group(2)])


def _near(text: str) -> str | None:
    """What was likely meant by a text that is no duration: `1 hour`, `2w`, `1h30m`, `30`."""
    parts = _PART.findall(text.lower())
    if not parts or re.sub(r"[\s,]+|and", "", _PART.sub("", text.lower())):
        return None
    if len(parts) == 1 and not parts[0][1]:
        return f"{parts[0][0]}m"
    if any(unit not in _WORDS for _, unit in parts):
        return None
    seconds = sum(float(number) * _WORDS[unit] for number, unit in parts)
    return duration_text(timedelta(seconds=seconds))


def is_duration(text: str) -> bool:
    """Whether a text states one."""
    return _DURATION.fullmatch(text.strip()) is not None


def duration_text(value: timedelta) -> str:
    """A duration as a file says it, in the largest unit that it is a whole number of."""
    seconds = value.total_seconds()
    unit = next((unit for unit in reversed(_UNITS) if seconds % _UNITS[unit] == 0 and seconds >= _UNITS[unit]), "s")
    return f"{seconds / _UNITS[unit]:.15g}{unit}"


def eased(wait: timedelta) -> timedelta:
    """A wait less a tenth of it, five minutes at most: runs an hour apart begin some seconds more or less than that after each other, and what is
    to be done every hour would wait for the second of them."""
    return wait - min(wait / 10, _MOST_EARLY)


Duration = Annotated[
    timedelta,
    BeforeValidator(duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_DURATION.pattern}\s*$", "examples": ["90s", "30m", "24h", "7d"]}),
]
