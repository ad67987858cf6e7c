"""Days, weeks and months as running numbers, so that an offset is a difference."""

import datetime as dt
from dataclasses import dataclass

PERIODS = ("day", "week", "month")


@dataclass(frozen=True)
class Periods:
    """One kind of period; weeks start on `week_starts_on`."""

    period: str
    week_starts_on: str = "monday"

    def number(self, day: dt.date) -> int:
        """The running number of the period that holds the day."""
        if self.period == "month":
            return day.year * 12 + day.month - 1
        if self.period == "week":  # day 1 of the calendar, 0001-01-01, is a Monday
            return (day.toordinal() - (self.week_starts_on == "monday")) // 7
        return day.toordinal()

    def first_day(self, number: int) -> dt.date:
        """The first day of the period of this number."""
        if self.period == "month":
            return dt.date(number // 12, number % 12 + 1, 1)
        if self.period == "week":
            return dt.date.fromordinal(number * 7 + (self.week_starts_on == "monday"))
        return dt.date.fromordinal(number)

    def last_day(self, number: int) -> dt.date:
        """The last day of the period of this number."""
        return self.first_day(number + 1) - dt.timedelta(days=1)
