"""How the pictures of the marts are drawn: each function takes a figure and a query's rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = tuple[Any, ...]

BLUE, ORANGE, GREEN, RED, GREY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#777777"


def plain_axes(axes: "Axes", percent: bool = False) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", alpha=0.3)
    axes.set_ylim(bottom=0)
    if percent:
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")


def heatmap(figure: "Figure", rows: list[Row]) -> None:
    """Rows: cohort, its label, offset from 1 on, rate or None where it is incomplete."""
    cohorts = list(dict.fromkeys((cohort, label) for cohort, label, _, _ in rows))
    places = {cohort: place for place, (cohort, _) in enumerate(cohorts)}
    width = max(offset for _, _, offset, _ in rows)
    rates = [[float("nan")] * width for _ in cohorts]
    for cohort, _, offset, rate in rows:
        if rate is not None:
            rates[places[cohort]][offset - 1] = rate
    top = max((rate for line in rates for rate in line if rate == rate), default=0) or 1.0
    axes = figure.subplots()
    axes.imshow(rates, aspect="auto", cmap="Blues", vmin=0, vmax=top)
    axes.set_xticks(range(width), [str(offset + 1) for offset in range(width)], fontsize=7)
    axes.set_yticks(range(len(cohorts)), [label for _, label in cohorts], fontsize=7)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("months since the first; * the data begin too late to be sure", fontsize=8)
    for y, line in enumerate(rates):
        for x, rate in enumerate(line):
            if rate == rate:
                ink = "white" if rate > 0.6 * top else "black"
                text = f"{100 * rate:.0f}"
                cell = axes.text(x, y, text, ha="center", va="center", fontsize=6.5, color=ink)
                cell.set_in_layout(False)


def curve(figure: "Figure", rows: list[Row]) -> None:
    """Rows: offset, rate, low, high, rate on or after."""
    offsets, rate, low, high, after = zip(*rows, strict=True)
    axes = figure.subplots()
    axes.fill_between(offsets, low, high, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(offsets, rate, color=BLUE, marker="o", markersize=3, label="back in that month")
    axes.plot(offsets, after, color=ORANGE, label="back in that month or later")
    plain_axes(axes, percent=True)
    axes.set_xlabel("months since the first", fontsize=8)
    axes.legend(fontsize=8, frameon=False)


def active(figure: "Figure", rows: list[Row]) -> None:
    """Rows: day, daily, weekly and monthly active customers, None where incomplete."""
    days, *lines = zip(*rows, strict=True)
    axes = figure.subplots()
    for line, name, colour in zip(
        lines, ("day", "7 days", "30 days"), (BLUE, ORANGE, GREEN), strict=True
    ):
        counts = [float("nan") if count is None else count for count in line]
        axes.plot(days, counts, color=colour, linewidth=1, label=name)
    plain_axes(axes)
    axes.legend(fontsize=8, frameon=False, ncols=3)


def churn(figure: "Figure", rows: list[Row]) -> None:
    """Rows: month, opening and closing customers, churn rate."""
    months, opening, closing, rate = zip(*rows, strict=True)
    above, below = figure.subplots(2, sharex=True, height_ratios=(3, 2))
    places = range(len(months))
    above.bar([p - 0.2 for p in places], opening, 0.4, color=GREY, label="opening")
    above.bar([p + 0.2 for p in places], closing, 0.4, color=BLUE, label="closing")
    above.legend(fontsize=8, frameon=False, ncols=2)
    rates = [float("nan") if share is None else share for share in rate]
    below.plot(places, rates, color=RED, marker="o", markersize=3, label="churn rate")
    below.legend(fontsize=8, frameon=False)
    plain_axes(above)
    plain_axes(below, percent=True)
    month_axis(below, months)


def lifecycle(figure: "Figure", rows: list[Row]) -> None:
    """Rows: month, new, returning, resurrected and dormant customers."""
    months, new, returning, resurrected, dormant = zip(*rows, strict=True)
    axes = figure.subplots()
    places = range(len(months))
    base = [0] * len(months)
    for counts, name, colour in (
        (returning, "returning", BLUE),
        (new, "new", GREEN),
        (resurrected, "resurrected", ORANGE),
    ):
        axes.bar(places, counts, bottom=base, color=colour, label=name)
        base = [low + count for low, count in zip(base, counts, strict=True)]
    axes.bar(places, [-count for count in dormant], color=GREY, label="dormant")
    plain_axes(axes)
    axes.set_ylim(bottom=-1.05 * max(1, *dormant))
    axes.axhline(0, color="black", linewidth=0.6)
    axes.yaxis.set_major_formatter(lambda count, _: f"{abs(count):,.0f}")
    axes.legend(fontsize=8, frameon=False, ncols=4)
    month_axis(axes, months)


def month_axis(axes: "Axes", months: Sequence[Any]) -> None:
    step = 1 + len(months) // 13
    axes.set_xticks(range(0, len(months), step), [f"{m:%Y-%m}" for m in months[::step]])


def survival(figure: "Figure", rows: list[Row]) -> None:
    """Rows: days, survival, low, high."""
    days, survival, low, high = zip(*rows, strict=True)
    axes = figure.subplots()
    axes.fill_between(days, low, high, step="post", color=BLUE, alpha=0.2, linewidth=0)
    axes.step(days, survival, where="post", color=BLUE)
    plain_axes(axes, percent=True)
    axes.set_ylim(0, 1)
    axes.set_xlabel("days since the first activity", fontsize=8)


def value(figure: "Figure", rows: list[Row]) -> None:
    """Rows: cohort month, age in months, cumulative revenue per customer."""
    from matplotlib import colormaps

    lines: dict[Any, list[tuple[int, float]]] = {}
    for month, age, revenue in rows:
        lines.setdefault(month, []).append((age, revenue))
    shades = colormaps["viridis"]
    axes = figure.subplots()
    for place, (month, points) in enumerate(lines.items()):
        named = place in (0, len(lines) // 2, len(lines) - 1)
        axes.plot(
            *zip(*points, strict=True),
            color=shades(place / max(1, len(lines) - 1)),
            linewidth=1.2,
            marker="." if len(points) == 1 else "",
            label=f"{month:%Y-%m}" if named else None,
        )
    plain_axes(axes)
    axes.set_xlabel("months since the first order", fontsize=8)
    axes.legend(fontsize=8, frameon=False, title="cohort", title_fontsize=8)


def tracking(figure: "Figure", rows: list[Row]) -> None:
    """Rows: end of week, actual, expected and predicted orders, whether in the holdout."""
    weeks, actual, expected, predicted, is_holdout = zip(*rows, strict=True)
    axes = figure.subplots()
    for line, name, colour, style in (
        (actual, "came", "black", "-"),
        (expected, "expected of new customers", BLUE, "--"),
        (predicted, "predicted from histories", ORANGE, "-"),
    ):
        orders = [float("nan") if figures is None else figures for figures in line]
        axes.plot(weeks, orders, color=colour, linestyle=style, linewidth=1.2, label=name)
    if True in is_holdout:
        axes.axvline(weeks[is_holdout.index(True)], color=GREY, linestyle=":", linewidth=1)
    plain_axes(axes)
    axes.legend(fontsize=8, frameon=False)


def lift(figure: "Figure", rows: list[Row]) -> None:
    """Rows: decile, actual and predicted orders a customer."""
    deciles, actual, predicted = zip(*rows, strict=True)
    axes = figure.subplots()
    axes.bar([d - 0.2 for d in deciles], actual, 0.4, color=BLUE, label="came")
    axes.bar([d + 0.2 for d in deciles], predicted, 0.4, color=ORANGE, label="predicted")
    plain_axes(axes)
    axes.set_xticks(deciles)
    axes.set_xlabel("tenth of the customers, by what was predicted", fontsize=8)
    axes.legend(fontsize=8, frameon=False)


def alive(figure: "Figure", rows: list[Row]) -> None:
    """Rows: frequency, tenth of the age at which the last order fell, probability alive."""
    height = 1 + max(frequency for frequency, _, _ in rows)
    cells = [[float("nan")] * 10 for _ in range(height)]
    for frequency, tenth, probability in rows:
        cells[frequency][tenth] = probability
    axes = figure.subplots()
    image = axes.imshow(cells, aspect="auto", origin="lower", cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks([-0.5, 4.5, 9.5], ["first day", "half-way", "today"], fontsize=8)
    axes.set_yticks(range(0, height, 1 + height // 12))
    axes.tick_params(labelsize=8, length=0)
    axes.set_xlabel("last order, within the time since the first", fontsize=8)
    axes.set_ylabel("repeat orders", fontsize=8)
    bar = figure.colorbar(image, ax=axes)
    bar.ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    bar.ax.tick_params(labelsize=8)
