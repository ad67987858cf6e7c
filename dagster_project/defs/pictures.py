"""Small pictures and tables of the marts for Dagster's pages: totals only, never a customer."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = tuple[Any, ...]

BLUE, ORANGE, GREEN, RED, GREY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#777777"
DPI = 80
COHORTS = 24
DAYS = 730


@dataclass(frozen=True)
class Picture:
    """One query and how its rows are drawn.

    Where a mart holds several series, `series` names the column that tells them apart and those to
    prefer; the first that occurs is drawn, and stands in the query as `$series`.
    """

    query: str
    draw: "Callable[[Figure, list[Row]], None]"
    title: str
    series: tuple[str, ...] = ()
    size: tuple[float, float] = (8.0, 3.6)


def picture(mart: str, con: duckdb.DuckDBPyConnection) -> dg.MetadataValue | None:
    """What to show of a mart in `con`, or a sentence when it is empty; None when nothing is meant.

    The same rows give the same bytes.
    """
    if mart not in PICTURES and mart not in TABLES:
        return None
    if not con.execute(f"select 1 from marts.{mart} limit 1").fetchone():
        return dg.MetadataValue.md(
            f"`{mart}` is empty: no export that it is made of is mapped in exports.yml,"
            " or none of their rows count."
        )
    if mart in TABLES:
        return _table(con.execute(TABLES[mart]))
    shown = PICTURES[mart]
    series = _series(con, mart, shown.series)
    rows = con.execute(shown.query, {"series": series} if series else None).fetchall()
    if not rows:
        return dg.MetadataValue.md(f"Nothing of `{mart}` is complete yet.")
    image = base64.b64encode(_png(shown, rows, series)).decode()
    return dg.MetadataValue.md(f"![{mart}](data:image/png;base64,{image})")


def _series(con: duckdb.DuckDBPyConnection, mart: str, wanted: Sequence[str]) -> str | None:
    if not wanted:
        return None
    column, *preferred = wanted
    found = [
        name for (name,) in con.execute(f"select distinct {column} from marts.{mart}").fetchall()
    ]
    return min(found, key=lambda n: (preferred.index(n) if n in preferred else len(preferred), n))


def _table(relation: duckdb.DuckDBPyConnection) -> dg.MetadataValue:
    names = [column[0] for column in relation.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows])


def _png(shown: Picture, rows: list[Row], series: str | None) -> bytes:
    # half a second of imports, which only a run that draws pays
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=shown.size, dpi=DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    shown.draw(figure, rows)
    figure.suptitle(
        shown.title + (f" ({series})" if series else ""), fontsize=10, x=0.01, ha="left"
    )
    canvas.draw()
    # a palette instead of full colour: a third of the size
    image = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba())
    file = io.BytesIO()
    image.convert("RGB").quantize(64).save(file, format="png", optimize=True)
    return file.getvalue()


def _plain(axes: "Axes", percent: bool = False) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", alpha=0.3)
    axes.set_ylim(bottom=0)
    if percent:
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")


def _heatmap(figure: "Figure", rows: list[Row]) -> None:
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


def _curve(figure: "Figure", rows: list[Row]) -> None:
    """Rows: offset, rate, low, high, rate on or after."""
    offsets, rate, low, high, after = zip(*rows, strict=True)
    axes = figure.subplots()
    axes.fill_between(offsets, low, high, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(offsets, rate, color=BLUE, marker="o", markersize=3, label="back in that month")
    axes.plot(offsets, after, color=ORANGE, label="back in that month or later")
    _plain(axes, percent=True)
    axes.set_xlabel("months since the first", fontsize=8)
    axes.legend(fontsize=8, frameon=False)


def _active(figure: "Figure", rows: list[Row]) -> None:
    """Rows: day, daily, weekly and monthly active customers, None where incomplete."""
    days, *lines = zip(*rows, strict=True)
    axes = figure.subplots()
    for line, name, colour in zip(
        lines, ("day", "7 days", "30 days"), (BLUE, ORANGE, GREEN), strict=True
    ):
        counts = [float("nan") if count is None else count for count in line]
        axes.plot(days, counts, color=colour, linewidth=1, label=name)
    _plain(axes)
    axes.legend(fontsize=8, frameon=False, ncols=3)


def _churn(figure: "Figure", rows: list[Row]) -> None:
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
    _plain(above)
    _plain(below, percent=True)
    _months(below, months)


def _lifecycle(figure: "Figure", rows: list[Row]) -> None:
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
    _plain(axes)
    axes.set_ylim(bottom=-1.05 * max(1, *dormant))
    axes.axhline(0, color="black", linewidth=0.6)
    axes.yaxis.set_major_formatter(lambda count, _: f"{abs(count):,.0f}")
    axes.legend(fontsize=8, frameon=False, ncols=4)
    _months(axes, months)


def _months(axes: "Axes", months: Sequence[Any]) -> None:
    step = 1 + len(months) // 13
    axes.set_xticks(range(0, len(months), step), [f"{m:%Y-%m}" for m in months[::step]])


def _survival(figure: "Figure", rows: list[Row]) -> None:
    """Rows: days, survival, low, high."""
    days, survival, low, high = zip(*rows, strict=True)
    axes = figure.subplots()
    axes.fill_between(days, low, high, step="post", color=BLUE, alpha=0.2, linewidth=0)
    axes.step(days, survival, where="post", color=BLUE)
    _plain(axes, percent=True)
    axes.set_ylim(0, 1)
    axes.set_xlabel("days since the first activity", fontsize=8)


def _value(figure: "Figure", rows: list[Row]) -> None:
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
    _plain(axes)
    axes.set_xlabel("months since the first order", fontsize=8)
    axes.legend(fontsize=8, frameon=False, title="cohort", title_fontsize=8)


PICTURES = {
    "cohort_retention": Picture(
        f"""
        select
            cohort_start,
            strftime(cohort_start, '%Y-%m') || case when is_left_truncated then '*' else '' end
            || '  n=' || cohort_size,
            period_number,
            case when is_complete then retention_rate end
        from marts.cohort_retention
        where study = $series and bucket = 'calendar' and period = 'month'
            and segment_name = 'all' and period_number between 1 and {COHORTS}
            and cohort_start > (select max(cohort_start) from marts.cohort_retention)
            - interval {COHORTS} month
        order by cohort_start, period_number
        """,
        _heatmap,
        "Percent of each monthly cohort that came back, by month",
        series=("study", "order_to_order", "any_to_any"),
        size=(8.0, 5.0),
    ),
    "retention_curve": Picture(
        """
        select period_number, retention_rate, rate_low, rate_high, on_or_after_rate
        from marts.retention_curve
        where study = $series and bucket = 'calendar' and period = 'month'
            and segment_name = 'all' and period_number > 0 and retention_rate is not null
        order by period_number
        """,
        _curve,
        "Share of customers that came back, by month, with 95 % interval",
        series=("study", "order_to_order", "any_to_any"),
    ),
    "active_customers": Picture(
        f"""
        select
            activity_date,
            dau,
            case when wau_is_complete then wau end,
            case when mau_is_complete then mau end
        from marts.active_customers
        where activity = $series and segment_name = 'all'
            and activity_date > (select max(activity_date) from marts.active_customers)
            - interval {DAYS} day
        order by activity_date
        """,
        _active,
        "Customers active within the last day, 7 days and 30 days",
        series=("activity", "any"),
    ),
    "lifecycle": Picture(
        f"""
        select
            period_start, new_customers, returning_customers, resurrected_customers,
            dormant_customers
        from marts.lifecycle
        where activity = $series and segment_name = 'all' and period = 'month' and is_complete
        qualify row_number() over (order by period_start desc) <= {COHORTS}
        order by period_start
        """,
        _lifecycle,
        "Active customers by where they come from, and those gone dormant, by month",
        series=("activity", "order", "any"),
    ),
    "monthly_churn": Picture(
        f"""
        select month, opening_customers, closing_customers, churn_rate
        from marts.monthly_churn
        where base = $series and is_complete
        qualify row_number() over (order by month desc) <= {COHORTS}
        order by month
        """,
        _churn,
        "Customers at the opening and closing of each month, and churn rate",
        series=("base", "order", "any"),
        size=(8.0, 4.4),
    ),
    "lifespan_survival": Picture(
        f"""
        select days, survival, survival_low, survival_high
        from marts.lifespan_survival
        where segment = 'all' and days <= {DAYS}
        order by days
        """,
        _survival,
        "Share of customers still alive, by days since their first activity, with 95 % interval",
    ),
    "cohort_value": Picture(
        f"""
        select cohort_month, months_since_first_order, cumulative_revenue_per_customer
        from marts.cohort_value
        where is_complete
            and cohort_month > (select max(cohort_month) from marts.cohort_value)
            - interval {COHORTS} month
        order by cohort_month, months_since_first_order
        """,
        _value,
        "Cumulative revenue per customer of each monthly cohort, by age",
    ),
}

TABLES = {
    "customer_value": """
        select
            rfm_segment as segment,
            count(*) as customers,
            round(count(*) / sum(count(*)) over (), 3) as share_of_customers,
            round(sum(net_revenue), 2)::double as net_revenue,
            round(sum(net_revenue) / nullif(sum(sum(net_revenue)) over (), 0), 3)
            as share_of_revenue,
            round(avg(orders), 2) as orders_each,
            median(days_since_last_order)::double as median_days_since_last_order
        from marts.customer_value
        group by rfm_segment
        order by sum(net_revenue) desc, rfm_segment
    """,
    "source_accounting": """
        select
            export, rows_in_files, rows_rejected, rows_loaded, rows_duplicate, rows_superseded,
            rows_quarantined, rows_used, rows_without_customer
        from marts.source_accounting
        order by export
    """,
}
