"""Five questions of an analyst, asked of the published marts: a marimo notebook.

    RETENTION_WAREHOUSE=my_warehouse .venv/bin/marimo edit docs/notebook.py

`marimo run` shows it without the code, `marimo export html` keeps it as a page.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")


@app.cell
def _():
    import duckdb
    import marimo as mo
    from matplotlib.figure import Figure

    from dagster_project.defs.charts import drawing as ink
    from dagster_project.settings import warehouse_folder

    marts = duckdb.connect(str(warehouse_folder() / "marts.duckdb"), read_only=True)

    def ask(sql):
        """The answer as a table of pandas; money becomes float64."""
        return marts.sql(sql).df()

    def drawing():
        figure = Figure(figsize=(7, 3), layout="constrained")
        return figure, figure.subplots()

    return ask, drawing, ink, mo


@app.cell
def _(ask, mo):
    run = ask("select as_of_date, settings from metric_run_log where published").iloc[-1]
    mo.md(f"""
    # Do they stay, and what are they worth?

    As of {run.as_of_date:%d %B %Y}. What is not known yet is left out, it is not 0. Bands are 95 %
    intervals: where two overlap, chance may explain the difference.
    """)
    return


@app.cell
def _(mo):
    mo.md("""
    ## Which month's new customers kept best?

    A grey line is a cohort, the blue one is all of them together, by months since the first order.
    Only cohorts that are old enough are in a point, so that late ones rest on few.
    """)
    return


@app.cell
def _(ask, drawing, ink):
    cohorts = ask("""
        select cohort_start, period_number, cohort_size, retention_rate, rate_low, rate_high
        from cohort_retention
        where study = 'order_to_order' and period = 'month' and bucket = 'calendar'
            and segment_name = 'all' and is_complete
        order by cohort_start, period_number
    """)
    pooled = ask("""
        select period_number, eligible_customers, retention_rate, rate_low, rate_high
        from retention_curve
        where study = 'order_to_order' and period = 'month' and bucket = 'calendar'
            and segment_name = 'all'
        order by period_number
    """)
    _figure, _axes = drawing()
    for _, _cohort in cohorts[cohorts.period_number > 0].groupby("cohort_start"):
        _axes.plot(_cohort.period_number, _cohort.retention_rate, color=ink.GREY, alpha=0.3)
    _later = pooled[pooled.period_number > 0]
    _axes.fill_between(
        _later.period_number, _later.rate_low, _later.rate_high, color=ink.BLUE, alpha=0.2
    )
    _axes.plot(
        _later.period_number, _later.retention_rate, color=ink.BLUE, marker="o", label="all cohorts"
    )
    ink.plain_axes(_axes, percent=True)
    _axes.set_xlabel("months since the first order")
    _axes.legend(frameon=False)
    _figure
    return cohorts, pooled


@app.cell
def _(ask, mo):
    best = ask("""
        select cohort_start, cohort_size, retention_rate, rate_low, rate_high
        from cohort_retention
        where study = 'order_to_order' and period = 'month' and bucket = 'calendar'
            and segment_name = 'all' and is_complete and period_number = 3
        order by retention_rate desc, cohort_start
        limit 3
    """)
    mo.vstack([mo.md("The three that kept best after three months:"), mo.ui.table(best)])
    return (best,)


@app.cell
def _(mo):
    mo.md("""
    ## How many did we lose, and why do reports disagree?

    `churn_rate` counts every loss of the month over the customers at its start. The share of those
    who were there at the start and gone at the end is smaller: it knows nothing of who joined and
    left in between. Name the one you quote.
    """)
    return


@app.cell
def _(ask, drawing, ink):
    churn = ask("""
        select month, opening_customers, churned_customers, churn_rate,
            churn_rate_of_start_and_new, 1 - customer_retention_rate as lost_of_opening
        from monthly_churn
        where base = 'order' and is_complete
        order by month
    """)
    _figure, _axes = drawing()
    for _column, _color in (
        ("churn_rate", ink.RED),
        ("churn_rate_of_start_and_new", ink.ORANGE),
        ("lost_of_opening", ink.GREEN),
    ):
        _axes.plot(churn.month, churn[_column], color=_color, label=_column)
    ink.plain_axes(_axes, percent=True)
    _axes.legend(frameon=False)
    _figure
    return (churn,)


@app.cell
def _(mo):
    mo.md("""
    ## Is growth new customers, or who came back?

    Above the line who ordered in the month, below it who did the month before and not in this one.
    """)
    return


@app.cell
def _(ask, drawing, ink):
    growth = ask("""
        select period_start, new_customers, returning_customers, resurrected_customers,
            dormant_customers, quick_ratio
        from lifecycle
        where activity = 'order' and period = 'month' and segment_name = 'all' and is_complete
        order by period_start
    """)
    _figure, _axes = drawing()
    _below = growth.new_customers * 0
    for _column, _color in (
        ("returning_customers", ink.BLUE),
        ("new_customers", ink.GREEN),
        ("resurrected_customers", ink.ORANGE),
    ):
        _axes.bar(
            growth.period_start, growth[_column], 25, bottom=_below, color=_color, label=_column
        )
        _below = _below + growth[_column]
    ink.plain_axes(_axes)
    _axes.bar(growth.period_start, -growth.dormant_customers, 25, color=ink.GREY, label="dormant")
    _axes.autoscale(axis="y")
    _axes.legend(frameon=False, ncols=2)
    _figure
    return (growth,)


@app.cell
def _(mo):
    mo.md("""
    ## What is a customer worth by which age, and when is the cost back?

    Net revenue and margin of a customer of any cohort that has come to that age; the line is what
    one cost, all sources and all who came by themselves taken together. Where a cost of goods is
    not known there is no margin.
    """)
    return


@app.cell
def _(ask, drawing, ink):
    value = ask("""
        select months_since_first_order, eligible_customers, cumulative_revenue_per_customer,
            cumulative_gross_margin_per_customer
        from value_curve
        order by months_since_first_order
    """)
    cost = ask("""
        select sum(spend) / nullif(sum(new_customers), 0) as cac
        from acquisition
        where spend is not null and is_complete
    """)
    _figure, _axes = drawing()
    _axes.plot(
        value.months_since_first_order,
        value.cumulative_revenue_per_customer,
        color=ink.BLUE,
        label="net revenue",
    )
    _axes.plot(
        value.months_since_first_order,
        value.cumulative_gross_margin_per_customer,
        color=ink.GREEN,
        label="gross margin",
    )
    if cost.cac.notna().all():
        _axes.axhline(
            cost.cac.iloc[0], color=ink.GREY, linestyle="--", label="cost of one customer"
        )
    ink.plain_axes(_axes)
    _axes.set_xlabel("months since the first order")
    _axes.legend(frameon=False)
    _figure
    return cost, value


@app.cell
def _(mo):
    mo.md("""
    ## How much hangs on the best customers?

    The share of net revenue that the best tenth, fifth and so on have brought.
    """)
    return


@app.cell
def _(ask, drawing, ink):
    concentration = ask("""
        select top_share, customers, revenue_share, average_value, average_value_of_rest
        from value_concentration
        order by top_share
    """)
    _figure, _axes = drawing()
    _labels = [f"{share:.0%}" for share in concentration.top_share]
    _axes.bar(_labels, concentration.revenue_share, color=ink.BLUE)
    ink.plain_axes(_axes, percent=True)
    _axes.set_xlabel("best customers")
    _figure
    return (concentration,)


if __name__ == "__main__":
    app.run()
