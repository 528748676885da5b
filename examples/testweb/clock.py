"""The simulated time of the test web."""

import time
from datetime import datetime, timedelta


class Clock:
    """Stands still, or runs `speed` times as fast as the real one. May be set from any thread."""

    def __init__(self, instant: datetime, speed: float = 0.0) -> None:
        self.speed = speed
        self.set(instant)

    def now(self) -> datetime:
        instant, set_at = self._state
        return instant + timedelta(seconds=self.speed * (time.monotonic() - set_at)) if self.speed else instant

    def set(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError(f"{instant} has no offset")
        self._state = (instant, time.monotonic())

    def advance(self, by: timedelta) -> datetime:
        """Returns what time it is then."""
        self.set(self.now() + by)
        return self.now()
