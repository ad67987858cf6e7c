"""docs/notebook.py runs as it stands, and what it tells of a shop was reckoned without it."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from dagster_project.settings import ROOT

from ..support.once import once
from .test_queries import FEBRUARY, JANUARY, MARCH, SPEND, build


def ran(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Figure], dict[str, Any]]:
    """Its charts, and all that its cells name."""
    monkeypatch.setenv("RETENTION_WAREHOUSE", str(warehouse))
    spec = importlib.util.spec_from_file_location("notebook", ROOT / "docs/notebook.py")
    assert spec is not None
    assert spec.loader is not None
    notebook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notebook)
    outputs, names = notebook.app.run()
    return [output for output in outputs if isinstance(output, Figure)], dict(names)


def lines(chart: Figure) -> dict[str, list[float]]:
    """What is drawn as lines, by their names."""
    return {str(line.get_label()): list(line.get_ydata()) for line in chart.axes[0].lines}


def test_five_questions_of_a_shop_that_was_reckoned_by_hand(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    charts, told = ran(once(tmp_path_factory, "questions", build) / "warehouse", monkeypatch)
    kept, lost, growth, value, best = charts
    # of A and B, who began in January, A came back in March; C, of February, in March
    cohorts = told["cohorts"].set_index(["cohort_start", "period_number"]).retention_rate
    assert cohorts[str(JANUARY), 2] == 0.5
    assert cohorts[str(FEBRUARY), 1] == 1
    assert lines(kept)["all cohorts"] == pytest.approx([1 / 3, 1 / 3, 0, 0, 0])
    assert list(told["best"].retention_rate) == [0, 0]
    # in March A and C are lost of one at the start; who was there then is
    lost_rates = {name: rates[:2] for name, rates in lines(lost).items()}
    assert lost_rates == {
        "churn_rate": [2, 1],
        "churn_rate_of_start_and_new": [2, 1],
        "lost_of_opening": [0, 1],
    }
    assert told["churn"].month.iloc[0].date() == MARCH
    bars = [bar.get_height() for bar in growth.axes[0].patches]
    assert [bars[start : start + 6] for start in range(0, len(bars), 6)] == [
        [0, 0, 1, 0, 0, 0],  # ordered the month before too
        [2, 1, 0, 0, 0, 0],  # are new
        [0, 0, 1, 0, 0, 0],  # came back
        [0, -2, 0, -2, 0, 0],  # did not, and had the month before
    ]
    # January's two brought 270, February's one 75
    assert lines(value)["net revenue"][:2] == [(230 + 60) / 3, (230 + 75) / 3]
    assert lines(value)["cost of one customer"] == pytest.approx([(SPEND + 30 + 10) / 3] * 2)
    assert best.axes[0].patches[0].get_height() == pytest.approx(190 / 345)


def test_the_demo_too(demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    charts, told = ran(demo_folder / "warehouse", monkeypatch)
    assert len(charts) == 5
    assert len(told["best"]) == 3
    assert all(chart.axes[0].has_data() for chart in charts)
