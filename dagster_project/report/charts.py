"""Drawings as SVG: lines with intervals, stacked bars, and the small ones of cards and cells.

Colours and strokes are classes of the page's style; every text is escaped.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from . import cells
from .blocks import Series
from .language import Language

Row = Mapping[str, Any]

#: Widths of a drawing in half a row and in a whole one, and the height of both.
HALF, WHOLE, HEIGHT = 560, 1150, 280
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 30
#: How much of the width a label below the axis takes.
LABEL = 80


@dataclass(frozen=True)
class Frame:
    """Where values of an axis from `low` to `high` and the places of `count` rows lie."""

    low: float
    high: float
    count: int
    step: float
    width: int
    is_banded: bool = False

    @property
    def right(self) -> int:
        """Where the axis ends."""
        return self.width - RIGHT

    def x(self, place: int) -> float:
        """The middle of a row's place."""
        length = self.right - LEFT
        if self.is_banded or self.count == 1:
            return LEFT + length * (place + 0.5) / self.count
        return LEFT + length * place / (self.count - 1)

    def y(self, value: float) -> float:
        """The height of a value."""
        share = (value - self.low) / (self.high - self.low)
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)

    @property
    def ticks(self) -> list[float]:
        """Round values between both ends."""
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        return [place * self.step for place in range(first, last + 1)]


def frame(values: Sequence[float], count: int, width: int, is_banded: bool = False) -> Frame:
    """An axis that holds all values and nought, with some five round ticks."""
    low, high = min(0.0, *values), max(0.0, *values)
    if low == high:
        high = 1.0
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(n for n in (1, 2, 2.5, 5, 10) if n * power >= rough * (1 - 1e-9))
    ends = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    return Frame(*ends, count, step, width, is_banded)


def lines(
    rows: Sequence[Row],
    x: tuple[str, str],
    series: Sequence[Series],
    unit: str,
    title: str,
    words: Language,
    width: int,
    reference: tuple[float, str] | None = None,
) -> Markup:
    """Lines over the rows, each with the band of its interval.

    Args:
        rows: The rows, in order.
        x: The column along the axis, and its kind.
        series: What is drawn.
        unit: The kind of the values.
        title: What the drawing shows.
        words: The language.
        width: `HALF` or `WHOLE`.
        reference: A value drawn across, and what it is.
    """
    named = [c for s in series for c in (s.column, s.low, s.high) if c]
    values = [float(row[c]) for row in rows for c in named if row[c] is not None]
    if reference:
        values.append(reference[0])
    axes = frame(values or [0.0], len(rows), width)
    drawn = [_axes(axes, rows, x, unit, words)]
    for one in series:
        if one.low and one.high:
            drawn.append(_band(axes, rows, one))
    for one in series:
        drawn.append(_line(axes, rows, one))
    if reference:
        y = axes.y(reference[0])
        drawn.append(
            Markup('<path class="reference" d="M{} {:.1f}H{}"/>').format(LEFT, y, axes.right)
            + Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                axes.right, y - 6, reference[1]
            )
        )
    drawn.append(_readings(axes, rows, x, series, unit, words))
    return _svg(drawn, axes, "lines", title, _told(rows, x, series, unit, words), words)


def bars(
    rows: Sequence[Row],
    x: tuple[str, str],
    series: Sequence[Series],
    unit: str,
    title: str,
    words: Language,
    width: int,
) -> Markup:
    """Bars stacked over the rows, those below nought downwards; arguments as those of `lines`."""
    stacks = [
        [float(one.sign * (row[one.column] or 0)) for one in series] for row in rows
    ]  # fmt: skip
    ends = [sum(v for v in stack if v > 0) for stack in stacks]
    ends += [sum(v for v in stack if v < 0) for stack in stacks]
    axes = frame(ends, len(rows), width, is_banded=True)
    thick = (axes.right - LEFT) / len(rows) * 0.72
    drawn = [_axes(axes, rows, x, unit, words)]
    for place, stack in enumerate(stacks):
        above = below = 0.0
        for one, value in zip(series, stack, strict=True):
            if not value:
                continue
            base = above if value > 0 else below
            top, bottom = axes.y(max(base, base + value)), axes.y(min(base, base + value))
            drawn.append(
                Markup(
                    '<rect class="b{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
                ).format(one.style, axes.x(place) - thick / 2, top, thick, bottom - top)
            )
            above, below = above + max(value, 0), below + min(value, 0)
    if min(ends) < 0:
        drawn.append(
            Markup('<path class="zero" d="M{} {:.1f}H{}"/>').format(LEFT, axes.y(0), axes.right)
        )
    drawn.append(_readings(axes, rows, x, series, unit, words))
    return _svg(drawn, axes, "bars", title, _told(rows, x, series, unit, words), words)


def name(one: Series, words: Language) -> str:
    """What a line or stack is called."""
    return one.label if one.label is not None else words(f"columns.{one.column}")


def sparkline(values: Sequence[float], title: str) -> Markup:
    """The way a headline figure took, without axes."""
    width, height, edge = 120, 32, 4
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    points = [
        (
            edge + (width - 2 * edge) * place / max(1, len(values) - 1),
            edge + (height - 2 * edge) * (1 - (value - low) / spread),
        )
        for place, value in enumerate(values)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<polyline points="{}"/><circle cx="{:.1f}" cy="{:.1f}" r="3"/></svg>'
    ).format(width, height, title, path, *points[-1])


def whisker(value: float, low: float, high: float, ends: tuple[float, float]) -> Markup:
    """An interval on a line from `ends[0]` to `ends[1]`, nought marked where it lies between."""
    width, first, spread = 120, ends[0], (ends[1] - ends[0]) or 1.0

    def at(number: float) -> float:
        return 4 + (width - 8) * (number - first) / spread

    zero = Markup("")
    if ends[0] < 0 < ends[1]:
        zero = Markup('<path class="zero" d="M{:.1f} 0V16"/>').format(at(0))
    return Markup(
        '<svg class="whisker" viewBox="0 0 {} 16" aria-hidden="true">{}'
        '<path class="l1" d="M{:.1f} 8H{:.1f}"/><circle cx="{:.1f}" cy="8" r="3.5"/></svg>'
    ).format(width, zero, at(low), at(high), at(value))


def _axes(
    axes: Frame, rows: Sequence[Row], x: tuple[str, str], unit: str, words: Language
) -> Markup:
    drawn = []
    for tick in axes.ticks:
        y = axes.y(tick)
        drawn.append(
            Markup(
                '<path class="grid" d="M{} {:.1f}H{}"/>'
                '<text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
            ).format(LEFT, y, axes.right, LEFT - 8, y + 4, _tick(tick, axes.step, unit, words))
        )
    column, kind = x
    for place in _labelled(axes, rows, x):
        at = axes.x(place)
        drawn.append(
            Markup('<text x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(
                at,
                HEIGHT - 8,
                "end" if at > axes.right - LABEL / 3 else "middle",
                cells.text(rows[place][column], "month" if kind == "date" else kind, words),
            )
        )
    return Markup("").join(drawn)


def _labelled(axes: Frame, rows: Sequence[Row], x: tuple[str, str]) -> list[int]:
    """The rows named below the axis, far enough apart; of days, the first of a month."""
    column, kind = x
    places = list(range(len(rows)))
    if kind == "date":
        months = [(row[column].year, row[column].month) for row in rows]
        places = [place for place in places if place and months[place] != months[place - 1]]
    step = math.ceil(len(places) * LABEL / (axes.right - LEFT))
    return places[:: step or 1]


def _tick(value: float, step: float, unit: str, words: Language) -> str:
    digits = next(n for n in range(12) if n == 11 or abs(round(step, n) - step) < 1e-9 * step)
    if unit == "percent":
        return words.percent(value, max(0, digits - 2))
    if unit == "money":
        return words.money(value, min(digits, 2))
    return words.number(value, digits)


def _points(axes: Frame, rows: Sequence[Row], column: str) -> list[list[tuple[float, float]]]:
    """The points of a line, parted where there is no value."""
    parts: list[list[tuple[float, float]]] = [[]]
    for place, row in enumerate(rows):
        if row[column] is None:
            parts.append([])
        else:
            parts[-1].append((axes.x(place), axes.y(float(row[column]))))
    return [part for part in parts if part]


def _line(axes: Frame, rows: Sequence[Row], one: Series) -> Markup:
    drawn = []
    for part in _points(axes, rows, one.column):
        if len(part) == 1:
            drawn.append(
                Markup('<circle class="p{}" cx="{:.1f}" cy="{:.1f}" r="3"/>').format(
                    one.style, *part[0]
                )
            )
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in part)
        drawn.append(
            Markup('<polyline class="l{}{}" points="{}"/>').format(
                one.style, " dashed" if one.dashed else "", path
            )
        )
    return Markup("").join(drawn)


def _band(axes: Frame, rows: Sequence[Row], one: Series) -> Markup:
    assert one.low
    assert one.high
    drawn = []
    for low, high in zip(_points(axes, rows, one.low), _points(axes, rows, one.high), strict=True):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*high, *reversed(low)])
        drawn.append(Markup('<polygon class="band b{}" points="{}"/>').format(one.style, path))
    return Markup("").join(drawn)


def _readings(
    axes: Frame,
    rows: Sequence[Row],
    x: tuple[str, str],
    series: Sequence[Series],
    unit: str,
    words: Language,
) -> Markup:
    """A strip for each row, which says its figures when pointed at."""
    column, kind = x
    width = (axes.right - LEFT) / max(1, len(rows) - (0 if axes.is_banded else 1))
    drawn = []
    for place, row in enumerate(rows):
        said = [cells.text(row[column], kind, words)]
        for one in series:
            told = f"{name(one, words)}: {cells.text(row[one.column], unit, words)}"
            if one.low and one.high and row[one.low] is not None:
                told += f" ({cells.interval(row[one.low], row[one.high], unit, words)})"
            said.append(told)
        drawn.append(
            Markup(
                '<g class="at"><rect x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>'
                '<path d="M{:.1f} {}V{}"/><title>{}</title></g>'
            ).format(
                axes.x(place) - width / 2,
                TOP,
                width,
                HEIGHT - TOP - BOTTOM,
                axes.x(place),
                TOP,
                HEIGHT - BOTTOM,
                "\n".join(said),
            )
        )
    return Markup("").join(drawn)


def _told(
    rows: Sequence[Row], x: tuple[str, str], series: Sequence[Series], unit: str, words: Language
) -> str:
    """The drawing in words: where each line begins and ends, and how far it goes."""
    column, kind = x
    said = []
    for one in series:
        known = [row for row in rows if row[one.column] is not None]
        if not known:
            continue
        first, last = known[0], known[-1]
        said.append(
            words(
                "chart.from_to",
                name=name(one, words),
                first=cells.text(first[one.column], unit, words),
                x_first=cells.text(first[column], kind, words),
                last=cells.text(last[one.column], unit, words),
                x_last=cells.text(last[column], kind, words),
                low=cells.text(min(row[one.column] for row in known), unit, words),
                high=cells.text(max(row[one.column] for row in known), unit, words),
            )
        )
    return " ".join([*said, words("chart.in_table")])


def _svg(
    drawn: Sequence[Markup], axes: Frame, kind: str, title: str, told: str, words: Language
) -> Markup:
    label = escape(f"{words(f'chart.{kind}')}. {title}. {told}")
    return (
        Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            axes.width, HEIGHT, label
        )
        + Markup("").join(drawn)
        + Markup("</svg>")
    )
