"""Which files are read again although they are known."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from ..config.load import asks_for
from ..errors import ExportError

_SHOWN = 5


@dataclass(frozen=True)
class Again:
    """The files that patterns name, as in `files` of exports.yml, of deliveries of some days.

    Both the first and the last day count. What is not given does not restrict; where nothing is
    given, no file is read again.
    """

    files: tuple[str, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None

    def __bool__(self) -> bool:
        return self != Again()

    def asks_for(self, file: str, delivered_at: dt.date) -> bool:
        """Whether a file that was delivered on that day is read again."""
        return (
            bool(self)
            and (not self.files or any(asks_for(pattern, file) for pattern in self.files))
            and (self.since is None or self.since <= delivered_at)
            and (self.until is None or delivered_at <= self.until)
        )

    def check(self, known: Collection[tuple[str, dt.date]], there: Collection[str]) -> None:
        """Raise ExportError where it asks for no loaded file, or for one that is no longer there.

        Known are the loaded files, each with the day of its delivery.
        """
        asked = [file for file, day in known if self.asks_for(file, day)]
        if self and not asked:
            loaded = f"loaded are {len(known)} files"
            if known:
                days = [day for _, day in known]
                loaded += f" of deliveries from {min(days)} to {max(days)}, such as {max(known)[0]}"
            raise ExportError(
                f"nothing to read again: no loaded file has such a name and day; {loaded}"
            )
        if gone := sorted(set(asked) - set(there)):
            raise ExportError(
                f"to be read again, but no longer there: {', '.join(gone[:_SHOWN])}"
                f"{' ...' if len(gone) > _SHOWN else ''}; put them back, or name others"
            )
