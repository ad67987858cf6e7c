"""One export as text, and how its ids, moments and amounts are spelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from dagster_project.demo.draws.clock import iso, to_utc
from dagster_project.demo.draws.shop import Shop
from dagster_project.demo.parameters import IntArray


@dataclass
class Export:
    """One export as text, ready to be garbled and delivered.

    A line is the columns joined by `joiner`, after the header if there is one. `period` is the
    delivery period each row falls into (0 for the first), `deliveries` the date of each delivery.
    """

    name: str
    file_name: str  # with {day}
    joiner: str
    header: str | None
    columns: dict[str, list[str]]
    key: str  # the column that names the row
    period: IntArray
    day: IntArray  # local, days since 1970
    deliveries: list[date]
    templates: dict[str, str] = field(default_factory=dict)  # {} is the value, where not bare

    def line(self, row: int, changes: dict[str, str] | None = None) -> str:
        """One line of the file, with some columns' values replaced."""
        changes = changes or {}
        return self.joiner.join(
            self.templates.get(name, "{}").replace("{}", changes[name])
            if name in changes
            else values[row]
            for name, values in self.columns.items()
        )

    def lines(self) -> list[str]:
        """Every line, as it is."""
        return list(map(self.joiner.join, zip(*self.columns.values(), strict=True)))

    def file_names(self) -> list[str]:
        """The file of each delivery."""
        return [self.file_name.format(day=day.isoformat()) for day in self.deliveries]

    def __len__(self) -> int:
        return int(self.period.size)


def customer_ids(numbers: IntArray) -> list[str]:
    """Customer numbers as their ids, empty for nobody; text order is number order."""
    return [f"C{number + 10_001:06d}" if number >= 0 else "" for number in numbers.tolist()]


def visitor_ids(numbers: IntArray) -> list[str]:
    """Visitor numbers as opaque ids, empty for none; the factor is odd, so no two are equal."""
    # every number times an odd constant modulo 2**40 is a permutation
    return [
        f"v{number * 0x9E3779B97F % 2**40:010x}" if number >= 0 else ""
        for number in numbers.tolist()
    ]


def order_numbers(count: int) -> list[str]:
    """Order numbers in the order of placing."""
    return [f"W{100_001 + i}" for i in range(count)]


def amounts(pence: IntArray) -> list[str]:
    """Pence as decimal text."""
    return [f"{value / 100:.2f}" for value in pence.tolist()]


def pick(words: Sequence[str], index: IntArray) -> list[str]:
    """The word at each index."""
    picked: list[str] = np.array(words, dtype=object)[index].tolist()
    return picked


def delivery_dates(shop: Shop, length: int) -> list[date]:
    """Delivery dates every `length` months, the last at the end of the data."""
    months = shop.parameters.months
    ends = [min(month + length, months) for month in range(0, months, length)]
    return [shop.parameters.month_start(end) for end in ends]


def session_ids(count: int) -> list[str]:
    """Session ids in the order of their starts."""
    return [f"s{i:07d}" for i in range(1, count + 1)]


def event_ids(count: int) -> list[str]:
    """Event ids in the order in which they happened."""
    return [f"e{i:08d}" for i in range(1, count + 1)]


def to_utc_text(local: IntArray) -> list[str]:
    """Local times as UTC text with a Z."""
    return [text + "Z" for text in iso(to_utc(local))]
