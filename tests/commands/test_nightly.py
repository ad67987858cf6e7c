"""The run as CI makes it: what it leaves behind, and that what it says can be pasted."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dagster_project.commands.cli import GREEN, RED

from ..docs.test_queries import build
from ..support.once import once
from ..support.shops import dagster_home

#: C buys again: 25 more by the third month after the first one, and then 30 days of silence.
NEWS = "10,C,,2024-04-10 10:00:00,25,,,,5\n"


class Night:
    """The shop of docs/queries.md, published before, and a nightly run of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.artifacts = folder, folder / "artifacts"
        self.environment = os.environ | {
            "RETENTION_WAREHOUSE": str(folder / "warehouse"),
            "DAGSTER_HOME": str(dagster_home(folder / "dagster home")),
        }

    def run(self) -> subprocess.CompletedProcess[str]:
        """Run `make nightly`'s command on the shop."""
        command = [sys.executable, "-m", "dagster_project.commands.nightly", str(self.artifacts)]
        command += ["--exports", str(self.folder / "exports.yml")]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment)

    def paste(self, hint: str) -> str:
        """What a printed command answers; it must work."""
        ran = subprocess.run(
            hint, shell=True, capture_output=True, text=True, check=True, env=self.environment
        )
        return ran.stdout

    @property
    def summary(self) -> str:
        """What CI shows of the run."""
        return (self.artifacts / "summary.md").read_text(encoding="utf-8")


@pytest.fixture
def night(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Night:
    shop = once(tmp_path_factory, "questions", build)
    return Night(Path(shutil.copytree(shop, tmp_path / "a shop")))


def test_a_green_night_says_what_is_new_and_what_to_paste(night: Night) -> None:
    with (night.folder / "orders.csv").open("a", encoding="utf-8") as file:
        file.write(NEWS)
    ran = night.run()
    assert ran.returncode == GREEN, ran.stderr
    summary = night.summary
    assert summary.startswith("# Nightly: green\n\nAs of 2024-06-30;")
    figures = {row[0]: row for row in table(summary, "Figures")}
    # 60, 15 and 25; before, 60 and 15
    worth = figures["Worth after 3 months"]
    assert (worth[1], worth[2], worth[-1]) == ("£100.00", "Feb 2024", "£75.00")
    # C is lost in May, when before nobody was left to be lost
    churn = figures["Churn of the month"]
    assert (churn[1], churn[2], churn[-1]) == ("100.0%", "May 2024", "")
    changed = section(summary, "What changed since the last publication")
    assert "- as of 2024-06-30 before" in changed
    assert "- orders: +1 used rows" in changed
    # April, in which C came back; in the file that is read again are late rows and a refund
    assert "- figures of order_to_order by month that read otherwise: 1 (late rows, refund)" in (
        changed
    )
    assert "- sessions: customer_id and anonymous_id are empty (1)" in section(
        summary, "To be looked at"
    )
    hints = re.findall(r"^  (\S.* query .+)$", ran.stdout, re.MULTILINE)
    assert len(hints) == 3
    for hint in hints:
        assert len(night.paste(hint).splitlines()) > 1
    kept = {path.name for path in night.artifacts.iterdir()}
    assert kept >= {"marts.duckdb", "report.html", "checks", "data_docs", "dbt_docs", "summary.md"}


def test_a_red_night_says_what_stands_and_where_the_rows_are(night: Night) -> None:
    exports = night.folder / "exports.yml"
    config = yaml.safe_load(exports.read_text(encoding="utf-8"))
    config["settings"]["max_rejected_share"] = 0.01
    exports.write_text(yaml.safe_dump(config), encoding="utf-8")
    assert night.run().returncode == RED
    summary = night.summary
    assert summary.startswith("# Nightly: red")
    assert "readers see what was published before, as of 2024-06-30" in summary
    assert "max_rejected_share" in section(summary, "Checks that did not pass")
    (hint,) = re.findall(r"^The rows in question: (.+)$", summary, re.MULTILINE)
    assert "ordered_at is not a timestamp" in night.paste(hint)


def section(summary: str, title: str) -> str:
    """What stands under a heading."""
    return summary.split(f"\n## {title}\n")[1].split("\n## ")[0]


def table(summary: str, title: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head."""
    lines = [line for line in section(summary, title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
