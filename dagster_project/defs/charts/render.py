"""Small pictures and tables of the marts for Dagster's pages: totals only, never a customer."""

import base64
import io
from collections.abc import Sequence

import dagster as dg
import duckdb

from .drawing import Row
from .queries import ALIVE, PICTURES, TABLES, Picture

DPI = 80


def picture(mart: str, con: duckdb.DuckDBPyConnection) -> dg.MetadataValue | None:
    """What to show of a mart in `con`; None when it has no picture, or nothing to show.

    The same rows give the same bytes.
    """
    if mart not in PICTURES and mart not in TABLES:
        return None
    if not con.execute(f"select 1 from marts.{mart} limit 1").fetchone():
        return None
    if mart in TABLES:
        return _table(con.execute(TABLES[mart]))
    shown = PICTURES[mart]
    series = _series(con, mart, shown.series)
    return _drawn(mart, shown, con, series)


def alive_matrix(con: duckdb.DuckDBPyConnection) -> dg.MetadataValue:
    """P(alive) by how often customers bought again and when last, of the forecasts in `con`."""
    return _drawn("forecasts", ALIVE, con, None)


def _drawn(
    name: str, shown: Picture, con: duckdb.DuckDBPyConnection, series: str | None
) -> dg.MetadataValue:
    rows = con.execute(shown.query, {"series": series} if series else None).fetchall()
    if not rows:
        return dg.MetadataValue.md(f"Nothing of `{name}` is complete yet.")
    image = base64.b64encode(_png(shown, rows, series)).decode()
    return dg.MetadataValue.md(f"![{name}](data:image/png;base64,{image})")


def _series(con: duckdb.DuckDBPyConnection, mart: str, wanted: Sequence[str]) -> str | None:
    if not wanted:
        return None
    column, *preferred = wanted
    found = [
        name for (name,) in con.execute(f"select distinct {column} from marts.{mart}").fetchall()
    ]
    return min(found, key=lambda n: (preferred.index(n) if n in preferred else len(preferred), n))


def _table(relation: duckdb.DuckDBPyConnection) -> dg.MetadataValue | None:
    names = [column[0] for column in relation.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows]) if rows else None


def _png(shown: Picture, rows: list[Row], series: str | None) -> bytes:
    # half a second of imports, paid only by a run that draws
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
