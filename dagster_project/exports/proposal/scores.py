"""Scores of surveys: answers from 0 to 10, of which NPS can be made, or of another scale."""

import duckdb

from .draft import Ask, Draft
from .look import Look
from .roles import tokens
from .sums import number

#: Stars and faces end here. Who would recommend answers 9 or 10: of so many answers some do.
_HIGHEST_OF_STARS, _ENOUGH = 7, 20
#: A few answers outside are slips, more are of another scale.
_SLIPS = 0.05


def fit_score(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> None:
    """Map scores that may be answers from 0 to 10; where too few tell them from stars, ask."""
    likely = [name for name in _scores(look) if not _is_of_another_scale(con, look, name)]
    if not likely:
        return
    if draft.columns.get("score") not in likely:
        draft.columns["score"] = likely[0]
    score = draft.columns["score"]
    values = look.values[score]
    if values.highest <= _HIGHEST_OF_STARS:
        question = (
            f"are these answers from 0 to 10? None of {values.filled:,} is above"
            f" {values.highest:g}; of stars NPS cannot be made"
        )
        draft.asks.append(Ask("columns.score", question))


def why_no_survey(con: duckdb.DuckDBPyConnection, look: Look) -> str | None:
    """What the scores are, where none may be answers from 0 to 10."""
    scores = _scores(look)
    if not scores or not all(_is_of_another_scale(con, look, name) for name in scores):
        return None
    ranges = " and ".join(
        f"`{name}` from {look.values[name].lowest:g} to {look.values[name].highest:g}"
        for name in scores
    )
    return f"is left out: {ranges} is no answer from 0 to 10; NPS cannot be made of it"


def _scores(look: Look) -> list[str]:
    return [n for n, v in look.values.items() if "score" in tokens(n) and v.filled and v.is_number]


def _is_of_another_scale(con: duckdb.DuckDBPyConnection, look: Look, name: str) -> bool:
    score = number(look, name)
    is_inside = f"{score} between 0 and 10"
    inside, outside, highest = con.execute(
        f"select count(*) filter ({is_inside}), count(*) filter (not {is_inside}),"
        f" max({score}) filter ({is_inside}) from {look.name}"
    ).fetchall()[0]
    are_stars = inside >= _ENOUGH and highest <= _HIGHEST_OF_STARS
    return are_stars or outside > _SLIPS * (inside + outside)
