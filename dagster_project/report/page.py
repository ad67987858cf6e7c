"""The report of published marts: one page that needs nothing but itself."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from ..exports.contract import load_contract
from ..exports.errors import ExportError
from ..warehouse.read import read_marts
from . import cells, charts, heat
from .blocks import MAY_BE_EMPTY, SECTIONS, Block, Column, Series
from .findings import Finding, findings, judged, months_since_silence
from .headlines import Headline, headline
from .language import LANGUAGES, Language, language
from .queries import GROUPS as LISTED_GROUPS
from .queries import HEADLINE_MARTS, HEADLINES, QUERIES, RUN, STUDIES, VALUES

TEMPLATES = Path(__file__).parent / "templates"

Row = dict[str, Any]

#: Above this share of net revenue the head of the page tells of money that was set aside.
SET_ASIDE_SHARE = 0.01

#: Tables of more rows are shown in part, and scroll.
WHOLE = 12

#: Columns that say how many a row's rates are made of.
GROUPS = frozenset(
    (
        *("customers", "members", "others", "treated", "held_out", "eligible_customers"),
        *("at_risk", "responses", "signed_up", "invitations", "sessions"),
    )
)


@dataclass(frozen=True)
class Figures:
    """All the page shows, as the marts have it."""

    run: Row
    settings: dict[str, Any]
    headlines: dict[str, list[Row]]
    rows: dict[str, list[Row]]
    availability: dict[str, tuple[str | None, str | None]]

    @property
    def mapped(self) -> list[str]:
        """The exports that the marts are made of."""
        return [row["export"] for row in self.rows["rows"]]


def write_report(marts: Path, page: Path) -> int:
    """Write the report of published marts, whole or not at all; its size in bytes.

    The page is a function of the marts alone: the same marts give the same bytes.
    Raises ExportError where the marts cannot be read or are of an older version, and where the page
    cannot be written.
    """
    text = render(read_figures(marts)).encode()
    new = page.with_suffix(".new")
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(text)
        new.replace(page)
    except OSError as error:
        raise ExportError(f"{page}: cannot be written ({error.strerror})") from error
    finally:
        new.unlink(missing_ok=True)
    return len(text)


def read_figures(marts: Path) -> Figures:
    """Ask the published marts all that the page shows.

    Raises ExportError where they cannot be read or are of an older version.
    """
    with read_marts(marts) as con:
        try:
            runs = _ask(con, RUN)
            availability = con.execute(
                "select mart, needs, reason from mart_availability"
            ).fetchall()
            return Figures(
                runs[0] if runs else {},
                json.loads((runs[0]["settings"] if runs else None) or "{}"),
                {name: _ask(con, sql)[::-1] for name, sql in HEADLINES.items()},
                {name: _ask(con, sql) for name, sql in QUERIES.items()},
                {mart: (needs, reason) for mart, needs, reason in availability},
            )
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise ExportError(
                f"{marts}: {language(LANGUAGES[0])('page.old_marts')}"
                f" ({str(error).splitlines()[0]})"
            ) from error


def _ask(con: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    answer = con.execute(sql)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def render(figures: Figures) -> str:
    """The page, in all languages at once."""
    # three tenths of a second, paid only where a page is made
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    months = heat.payload(figures.rows["heat_month"], STUDIES)
    weeks = heat.payload(figures.rows["heat_week"], STUDIES)
    together = figures.rows["heat_pooled"]
    pooled = {"months": heat.pooled(together, months, "month")}
    pooled["weeks"] = heat.pooled(together, weeks, "week")
    currency = figures.settings.get("base_currency") or None
    views = [
        View(figures, language(code, currency), months, weeks, pooled["months"])
        for code in LANGUAGES
    ]
    return environment.get_template("page.html").render(
        views=views,
        first=figures.settings.get("report_language", LANGUAGES[0]),
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        script=Markup((TEMPLATES / "script.js").read_text(encoding="utf-8")),
        data=_json(
            {
                "months": months,
                "weeks": weeks,
                "pooled": pooled,
                "small": heat.SMALL,
                "shades": heat.SHADES,
                "words": {view.code: view.script_words for view in views},
            }
        ),
    )


def _json(data: Any) -> Markup:
    """JSON as it may stand in a script: what a segment is called closes no tag."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


class View:
    """The page in one language: what its template asks for."""

    def __init__(
        self,
        figures: Figures,
        words: Language,
        months: Mapping[str, Any],
        weeks: Mapping[str, Any],
        pooled: heat.Pooled,
    ) -> None:
        self.figures, self.words, self.code = figures, words, words.code
        self.months, self.weeks, self.pooled = months, weeks, pooled
        self.sections = SECTIONS
        self.small, self.values, self.whole = heat.SMALL, VALUES, WHOLE

    @property
    def title(self) -> str:
        """What the report is about."""
        return str(self.figures.settings.get("report_title") or self.words("page.shop"))

    @property
    def subtitle(self) -> list[str]:
        """As of when, of which exports, in which currency and zone."""
        figures, words = self.figures, self.words
        told = []
        if as_of := figures.run.get("as_of_date"):
            told.append(words("page.as_of", date=words.date(as_of)))
        if figures.mapped:
            names = ", ".join(words.value(name) for name in figures.mapped)
            told.append(words("page.exports", names=names))
        if words.currency:
            told.append(words("page.in_currency", currency=words.currency))
        if zone := figures.settings.get("business_time_zone"):
            told.append(words("page.zone", zone=zone))
        return told

    @property
    def trust(self) -> list[tuple[str, str]]:
        """Whether the figures are complete: sentences that are `good`, a `note` or to `look` at."""
        figures, words = self.figures, self.words
        passed, failed = (figures.run.get(f"checks_{how}") for how in ("passed", "failed"))
        told = []
        if passed is None:
            told.append((words("trust.gates_none"), "look"))
        elif failed:
            given = {"passed": words.number(passed), "failed": words.number(failed)}
            told.append((words("trust.gates_warned", **given), "look"))
            warned = (figures.run["warned"] or "").splitlines()
            told += [(self._warning(line), "look") for line in warned]
        else:
            told.append((words("trust.gates_ok", passed=words.number(passed)), "good"))
        total = {
            column: sum(row[f"rows_{column}"] or 0 for row in figures.rows["rows"])
            for column in (
                *("in_files", "used", "rejected", "quarantined", "duplicate", "superseded"),
            )
        }
        given = {
            "files": words.number(total["in_files"]),
            "used": words.number(total["used"]),
            "set_aside": words.number(total["rejected"] + total["quarantined"]),
            "repeated": words.number(total["duplicate"] + total["superseded"]),
        }
        open_rows = 2 * total["in_files"] - sum(total.values())
        proof = (
            words("trust.rows_open", n=words.number(open_rows))
            if open_rows
            else words("trust.rows_exact")
        )
        told.append((f"{words('trust.rows', **given)} {proof}", "look" if open_rows else "good"))
        if money := self._set_aside:
            told.append((money, "look"))
        if odd := len(figures.rows["warnings"]):
            where = words("blocks.warnings.title")
            told.append((words("trust.warnings", n=odd, where=where), "look"))
        else:
            told.append((words("trust.warnings_none"), "good"))
        if restated := sum(row["cells"] for row in figures.rows["restatements"]):
            told.append((words("trust.restated", n=words.number(restated)), "look"))
        if empty := len(figures.rows["availability"]):
            told.append((words("trust.empty_marts", n=empty), "note"))
        return told

    @property
    def _set_aside(self) -> str:
        """How much money was rejected or held back, by export, where it is a good deal."""
        words = self.words
        known = [row for row in self.figures.rows["rows"] if row["amount_set_aside"]]
        amount = sum((row["amount_set_aside"] for row in known), Decimal())
        if amount <= Decimal(str(SET_ASIDE_SHARE)) * abs(self._counted):
            return ""
        given = {
            "amounts": ", ".join(
                words(
                    "trust.money_of",
                    amount=words.money(row["amount_set_aside"]),
                    export=words.value(row["export"]),
                )
                for row in known
            ),
        }
        if not self._counted:
            return words("trust.money_all", **given)
        return words("trust.money", share=words.percent(amount / abs(self._counted)), **given)

    def _warning(self, line: str) -> str:
        """A line of `metric_run_log.warned` as what was found, since it should not be so."""
        place, _, check = line.partition(" gate: ")
        check, _, found = check.partition("; found: ")
        _, _, table = place.partition(",")[0].partition(".")
        exports = load_contract().tables
        name = next((n for n, t in exports.items() if table in (n, t.staged)), table)
        given = {"place": self.words.value(name), "check": check}
        if not found:
            return self.words("trust.not_held", **given)
        return self.words("trust.found", found=found, **given)

    @property
    def headlines(self) -> list[Headline]:
        """The figures at the top."""
        whose = {"revenue": self._of_known}
        return [
            headline(name, rows, self.words, whose.get(name, ""))
            for name, rows in self.figures.headlines.items()
        ]

    @property
    def _of_known(self) -> str:
        """That the revenue is of known customers, and what it leaves out."""
        words, guests = self.words, self._money("without customer")
        if not guests:
            return words("cards.revenue.whose")
        share = words.percent(guests / self._counted) if self._counted else words("form.nothing")
        return words("cards.revenue.whose_without", amount=words.money(guests), share=share)

    def _money(self, *terms: str) -> Decimal:
        """The sum of terms of the money identity."""
        rows = self.figures.rows["money"]
        return sum((row["amount"] or Decimal(0) for row in rows if row["term"] in terms), Decimal())

    @property
    def _counted(self) -> Decimal:
        """Net revenue, that of nobody known included."""
        return self._money("cohort revenue", "customers without an order", "without customer")

    @property
    def silence(self) -> str:
        """After how many days without anything a customer counts as lost, in words."""
        days = self.figures.settings.get("churn_after_days")
        return self.words("form.days", n=days) if days else self.words("page.silence")

    def about(self, key: str) -> str:
        """What a figure is, by the key of its words."""
        return self.words(f"{key}.about", days=self.silence, groups=LISTED_GROUPS)

    @property
    def findings(self) -> list[Finding]:
        """What stands out, and the block that tells more of it."""
        return findings(
            self.figures.rows,
            self.words,
            self.figures.run.get("as_of_date"),
            self.figures.settings.get("churn_after_days"),
        )

    def rows(self, block: Block) -> list[Row]:
        """The rows of a block."""
        return self.figures.rows[block.key]

    def is_good_when_empty(self, block: Block) -> bool:
        """Whether having no rows is good news."""
        return block.key in MAY_BE_EMPTY

    def missing(self, block: Block) -> dict[str, Any]:
        """Why a block is empty, what it needs, and a piece of `exports.yml` that would give it."""
        needs, reason = self.figures.availability.get(block.mart, (None, None))
        needs = block.needs or needs or ""
        lists = [part.split(", ") for part in needs.replace(" or ", ", ").split("; ") if part]
        unmet = [names for names in lists if not set(names) & set(self.figures.mapped)]
        words = self.words
        told = f"; {words('page.and')} ".join(
            f" {words('page.or')} ".join(words.value(name) for name in names) for names in lists
        )
        return {
            "needs": words("page.needs", needs=told) if told else "",
            "reason": words("page.because", reason=reason) if reason else "",
            "snippet": self._snippet(unmet[0][0]) if unmet else "",
        }

    def _snippet(self, export: str) -> str:
        table = load_contract().tables[export]
        words = self.words
        required = [name for name, column in table.columns.items() if column.is_required]
        lines = [f"exports:\n  {export}:", f"    files: {words('page.your_file')}", "    columns:"]
        return "\n".join([*lines, *(f"      {n}: {words('page.your_column')}" for n in required)])

    def drawn(self, block: Block) -> Markup | None:
        """The chart of a block."""
        if block.chart is None:
            return None
        rows, chart = self.rows(block), block.chart
        series = [one for one in chart.series if any(row[one.column] is not None for row in rows)]
        if not series:
            return None
        x = (block.columns[0].name, block.columns[0].kind)
        width = charts.WHOLE if block.wide else charts.HALF
        title = self.words(f"blocks.{block.key}.title")
        given = (rows, x, series, chart.unit, title, self.words, width)
        if chart.kind == "bars":
            return charts.bars(*given)
        return charts.lines(*given, reference=self._cost() if block.key == "value_curve" else None)

    def legend(self, block: Block) -> list[tuple[str, int, bool]]:
        """Name, style and dash of what a chart shows, where there is more than one thing."""
        if block.chart is None:
            return []
        rows = self.rows(block)
        shown = [
            (charts.name(one, self.words), one.style, one.dashed)
            for one in block.chart.series
            if any(row[one.column] is not None for row in rows)
        ]
        return shown if len(shown) > 1 else []

    def _cost(self) -> tuple[float, str] | None:
        rows = self.figures.rows["cost"]
        if not rows or rows[0]["cac"] is None:
            return None
        cac = rows[0]["cac"]
        return cac, self.words("chart.cac", value=self.words.money(cac))

    @property
    def cost_told(self) -> str:
        """What a customer costs, and by when an average one has brought that back."""
        rows = self.figures.rows["cost"]
        if not rows or rows[0]["cac"] is None:
            return ""
        words, row = self.words, rows[0]
        curve = self.figures.rows["value_curve"]
        margin = "cumulative_gross_margin_per_customer"
        has_margin = bool(curve) and curve[0][margin] is not None
        column = margin if has_margin else "cumulative_revenue_per_customer"
        paid = next(
            (
                point["months_since_first_order"]
                for point in curve
                if point[column] is not None and point[column] >= row["cac"]
            ),
            None,
        )
        how = {0: "cost_paid_at_once", None: "cost_not"}.get(paid, "cost_paid")
        basis = words("worth.cost_margin" if has_margin else "worth.cost_revenue")
        verdict = words(f"worth.{how}", month=paid, basis=basis)
        return words(
            "worth.cost",
            spend=words.money(row["spend"]),
            customers=words.number(row["customers"]),
            cac=words.money(row["cac"]),
            verdict=verdict,
        )

    @property
    def forecast(self) -> list[str]:
        """What is expected of today's customers; only horizons that held are in the mart."""
        words, told = self.words, []
        for row in self.figures.rows["forecast"]:
            if row["expected_orders"] is None:
                continue
            said = words(
                "worth.forecast",
                days=row["horizon_days"],
                orders=words.number(row["expected_orders"]),
            )
            if row["predicted_value"] is not None:
                value = words.money(row["predicted_value"])
                said += ", " + words("worth.forecast_value", value=value)
            told.append(said + ".")
        return told

    def judged(self, block: Block) -> str:
        """Of which month the verdicts of a block are, and which is not judged yet, and why."""
        if not any(column.month for column in block.columns):
            return ""
        return judged(self.rows(block), self.figures.run.get("as_of_date"), self.words)

    def is_text(self, column: Column) -> bool:
        """Whether a column is set to the left."""
        return column.kind in cells.TEXTS

    def head(self, column: Column) -> str:
        """The name of a column."""
        return self.words(f"columns.{column.name}") if column.label is None else column.label

    def cell(self, column: Column, row: Row) -> dict[str, Any]:
        """A value as it is read, as other programs have it, and its interval."""
        value = row[column.name]
        found = {
            "text": cells.text(value, column.kind, self.words),
            "raw": cells.raw(value),
            "is_text": column.kind in cells.TEXTS,
            "interval": "",
        }
        if column.low and column.high:
            low, high = row[column.low], row[column.high]
            found |= {
                "interval": cells.interval(low, high, column.kind, self.words),
                "low": cells.raw(low),
                "high": cells.raw(high),
            }
        if column.month:
            month = row[column.month]
            found |= {"low": cells.raw(month)}
            if value is not None:
                found |= {"interval": self.words.month(month)}
        if column.name == "segment_value" and row["segment_name"] == "first_month":
            found |= {"interval": self._of_joined(row)}
        return found

    def _of_joined(self, row: Row) -> str:
        """Why churn leaps, and falls a month later, in the month of joining one silence ago."""
        days = self.figures.settings.get("churn_after_days")
        if not days:
            return ""
        ago = months_since_silence(row["segment_value"], row["month"], days)
        key = {0: "silences.now", 1: "silences.before"}.get(ago)
        return self.words(key, days=self.silence) if key else ""

    def is_small(self, columns: Sequence[Column], row: Row) -> bool:
        """Whether a row's rate, which has an interval, rests on few customers."""
        if not any(column.low for column in columns):
            return False
        counts = [row[c.name] for c in columns if c.name in GROUPS and row[c.name] is not None]
        return bool(counts) and min(counts) < heat.SMALL

    def bar(self, block: Block, column: Column, row: Row) -> str | None:
        """The length of a value beside the column's largest, in percent."""
        if not column.bar or row[column.name] is None:
            return None
        top = max((abs(r[column.name] or 0) for r in self.rows(block)), default=0)
        return f"{100 * max(0.0, float(row[column.name]) / float(top)):.1f}" if top else None

    def whisker(self, block: Block, column: Column, row: Row) -> Markup | None:
        """The interval of a value, drawn on the line of its column."""
        if not column.drawn or not column.low or not column.high:
            return None
        if None in (row[column.name], row[column.low], row[column.high]):
            return None
        names = (column.name, column.low, column.high)
        known = [float(r[n]) for r in self.rows(block) for n in names if r[n] is not None]
        ends = (min(known), max(known))
        value, low, high = (float(row[name]) for name in names)
        return charts.whisker(value, low, high, ends)

    def curves(self) -> list[dict[str, Any]]:
        """The pooled curves: of each study one of all customers, and one for each segment."""
        found: dict[tuple[str, str], dict[str, list[Row]]] = {}
        for row in self.figures.rows["curve"]:
            if f"{row['segment_name']}={row['segment_value']}" not in self.months.get(
                row["study"], {}
            ):
                continue
            panels = found.setdefault((row["study"], row["segment_name"]), {})
            panels.setdefault(row["segment_value"], []).append(row)
        return [self._curve(study, name, values) for (study, name), values in sorted(found.items())]

    def _curve(self, study: str, name: str, values: dict[str, list[Row]]) -> dict[str, Any]:
        """All customers with the interval, or a line for each value of a segment."""
        words = self.words
        kept = [s.split("=", 1)[1] for s in self.months[study] if s.split("=", 1)[0] == name]
        order = [value for value in kept if value in values]
        offset = Column("period_number", "count")
        if name == "all":
            rows = values["all"]
            columns = [
                offset,
                Column("eligible_customers", "count"),
                Column("retained_customers", "count"),
                Column("retention_rate", "percent", "rate_low", "rate_high"),
                Column("on_or_after_rate", "percent", "on_or_after_low", "on_or_after_high"),
            ]
            series = [
                Series("retention_rate", 1, "rate_low", "rate_high"),
                Series("on_or_after_rate", 2, dashed=True),
            ]
        else:
            rows = _side_by_side(values, order)
            columns, series = [offset], []
            for place, value in enumerate(order):
                line, label = f"line{place}", words.value(value, "segments")
                columns.append(Column(line, "percent", f"{line}_low", f"{line}_high", label=label))
                series.append(Series(line, (place + 1) % 8, label=label))
        title = f"{words('blocks.curve.title')}: {words.value(study, 'studies')}"
        return {
            "study": study,
            "segment": name,
            "title": title,
            "chart": charts.lines(
                rows, (offset.name, offset.kind), series, "percent", title, words, charts.WHOLE
            ),
            "legend": [(charts.name(one, words), one.style, one.dashed) for one in series],
            "columns": columns,
            "rows": rows,
        }

    @property
    def study(self) -> str | None:
        """The study shown first."""
        return next(iter(self.months), None)

    @property
    def segments(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Segments and their values, all customers left out."""
        found: dict[str, list[tuple[str, str]]] = {}
        for tables in self.months.values():
            for segment in tables:
                name, value = segment.split("=", 1)
                if name != "all" and (segment, value) not in found.setdefault(name, []):
                    found[name].append((segment, value))
        return list(found.items())

    @property
    def heat_table(self) -> list[dict[str, Any]]:
        """The first state of the heat map."""
        return heat.table(self.months[self.study]["all=all"]) if self.study else []

    @property
    def heat_line(self) -> list[dict[str, Any]]:
        """All cohorts together, beneath it."""
        if not self.study:
            return []
        top = heat.top_rate(self.months[self.study]["all=all"])
        return heat.line(self.pooled[self.study]["all=all"], top, self.heat_width)

    @property
    def heat_width(self) -> int:
        """How many offsets it has."""
        return max((len(row["cells"]) for row in self.heat_table), default=0)

    @property
    def value_heat(self) -> list[dict[str, Any]]:
        """Cohorts by what they have brought a customer, with the shade of each age."""
        cohorts: dict[Any, dict[str, Any]] = {}
        rows = self.figures.rows["cohort_value"]
        column = "cumulative_revenue_per_customer"
        top = max((float(r[column]) for r in rows if r["is_complete"]), default=0) or 1.0
        for row in rows:
            line = cohorts.setdefault(
                row["cohort_month"],
                {"start": row["cohort_month"], "size": row["cohort_size"], "cells": []},
            )
            value = row[column]
            if row["is_complete"] and value is not None:
                small = row["cohort_size"] < heat.SMALL
                css = "small" if small else f"s{heat.shade(max(0.0, float(value)), top)}"
                text = self.words.number(value)
                line["cells"].append({"text": text, "css": css, "raw": cells.raw(value)})
            else:
                line["cells"].append({"text": "", "css": "open", "raw": ""})
        width = max((len(line["cells"]) for line in cohorts.values()), default=0)
        return [line | {"rest": width - len(line["cells"])} for line in cohorts.values()]

    @property
    def rfm_map(self) -> list[tuple[int, list[dict[str, Any]]]]:
        """Recency downwards from the newest, and for each frequency customers and money."""
        rows = self.figures.rows["rfm_map"]
        found = {(row["recency_score"], row["frequency_score"]): row for row in rows}
        top = max((row["customers"] for row in rows), default=1)
        lines = []
        for recency in range(5, 0, -1):
            line = []
            for frequency in range(1, 6):
                row = found.get((recency, frequency))
                line.append(
                    {
                        "customers": self.words.number(row["customers"] if row else 0),
                        "money": self.words.money(row["net_revenue"], 0) if row else "",
                        "css": f"s{heat.shade(row['customers'] / top if row else 0, 1)}",
                        "raw": row["customers"] if row else 0,
                        "raw_money": cells.raw(row["net_revenue"]) if row else "",
                    }
                )
            lines.append((recency, line))
        return lines

    @property
    def methods(self) -> list[tuple[str, str, str, str, str]]:
        """Of each figure its anchor, title, definition, table and SQL."""
        words = self.words
        found = [
            (
                f"card-{name}",
                words(f"cards.{name}.title", age="n") if name == "worth" else
                words(f"cards.{name}.title"),
                self.about(f"cards.{name}"),
                HEADLINE_MARTS[name],
                _tidy(sql),
            )
            for name, sql in HEADLINES.items()
        ]  # fmt: skip
        for blocks in SECTIONS.values():
            for block in blocks:
                for key, mart in block.queries:
                    title, about = words(f"blocks.{key}.title"), self.about(f"blocks.{key}")
                    found.append((key, title, about, mart, _tidy(QUERIES[key])))
        return found

    @property
    def script_words(self) -> dict[str, Any]:
        """What the page's script says."""
        heat_words = self.words.words["heat"]
        form = self.words.words["form"]
        wanted = (
            *("cell", "cell_open", "none", "truncated", "small_told", "in_months", "in_weeks"),
            *("unit_month", "unit_week", "hint", "value_cell"),
            *("together", "cell_pooled", "none_pooled"),
        )
        return {
            **{name: heat_words[name] for name in wanted},
            **{name: form[name] for name in ("thousands", "point", "percent", "interval")},
            **{name: form[name] for name in ("month", "months")},
            "copied": self.words("page.copied"),
            "date": form["date"],
            "months_of_dates": form["months_of_dates"],
        }


def _side_by_side(values: dict[str, list[Row]], order: list[str]) -> list[Row]:
    """A row for each offset, with the rate of every value and its interval."""
    found: dict[int, Row] = {}
    lines = [f"line{place}" for place in range(len(order))]
    nothing = {f"{line}{end}": None for line in lines for end in ("", "_low", "_high")}
    for line, value in zip(lines, order, strict=True):
        for row in values[value]:
            offset = row["period_number"]
            found.setdefault(offset, {"period_number": offset, **nothing}).update(
                {
                    line: row["retention_rate"],
                    f"{line}_low": row["rate_low"],
                    f"{line}_high": row["rate_high"],
                }
            )
    return [found[offset] for offset in sorted(found)]


def _tidy(sql: str) -> str:
    """A query without the indentation of the file it stands in."""
    lines = sql.strip("\n").rstrip().split("\n")
    width = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[width:] for line in lines)
