"""Virtual time and its text: integer milliseconds since the start of the cluster, RFC 3339 in objects, ages in tables."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
EPOCH = "2026-01-01T00:00:00Z"      # when a cluster starts, unless it is told otherwise


class Clock:
    """Turns milliseconds since the start into timestamps and back."""

    def __init__(self, start: str = EPOCH) -> None:
        self.start = start
        self._start = _parse(start)

    def timestamp(self, ms: int) -> str:
        """60_000 -> "2026-01-01T00:01:00Z": whole seconds, as metav1.Time has them."""
        return (self._start + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def micro(self, ms: int) -> str:
        """The same with microseconds, as metav1.MicroTime has them."""
        return (self._start + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def ms(self, timestamp: str) -> int:
        """The inverse of timestamp(); accepts fractions of seconds and offsets."""
        return (_parse(timestamp) - self._start) // timedelta(milliseconds=1)

    def nanoseconds(self, ms: int) -> int:
        """Unix nanoseconds, for the names of events (API-75)."""
        return ((self._start - _UNIX) // timedelta(milliseconds=1) + ms) * 1_000_000


_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


def _parse(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def between(earlier: str, later: str) -> int:
    """Whole seconds from one timestamp to another."""
    return int((_parse(later) - _parse(earlier)).total_seconds())


def age(ms: int | None) -> str:
    """How kubectl shows a duration (TBL-10): 125_000 -> "2m5s".  None -> "<unknown>"."""
    if ms is None:
        return "<unknown>"
    s = int(ms / SECOND)        # toward zero
    if s < -1:
        return "<invalid>"
    m, h, d = s // 60, s // 3600, s // 86400
    if s < 120:
        return f"{max(s, 0)}s"
    if m < 10:
        return _pair(m, "m", s % 60, "s")
    if h < 3:
        return f"{m}m"
    if h < 8:
        return _pair(h, "h", m % 60, "m")
    if h < 48:
        return f"{h}h"
    if d < 8:
        return _pair(d, "d", h % 24, "h")
    if d < 730:
        return f"{d}d"
    if d < 8 * 365:
        return _pair(d // 365, "y", d % 365, "d")
    return f"{d // 365}y"


def _pair(big: int, big_unit: str, small: int, small_unit: str) -> str:
    return f"{big}{big_unit}{small}{small_unit}" if small else f"{big}{big_unit}"
