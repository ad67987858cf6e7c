"""The run as CI makes it: what it leaves behind, and that what it says can be pasted.

The steps of the workflows are those of the files, in a folder that looks as the checkout does.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagster_project.commands.cli import INTERRUPTED, RED, USER_ERROR, main
from dagster_project.settings import ROOT

from ..docs.test_queries import build
from ..support.once import once
from ..support.shops import dagster_home

#: C buys again: 25 more by the third month after the first one, and then 30 days of silence.
NEWS = "10,C,,2024-04-10 10:00:00,25,,,,5\n"


RETENTION = Path(sys.executable).with_name("retention")
Step = dict[str, Any]


def steps(workflow: Path) -> list[Step]:
    """What the job `nightly` of a workflow does."""
    read = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    found: list[Step] = read["jobs"]["nightly"]["steps"]
    return found


def run_steps(workflow: Path, workspace: Path, environment: dict[str, str]) -> tuple[str, str]:
    """Run its commands as a runner does; what they print, and the summary of the job."""
    shown = workspace / "step_summary.md"
    said = []
    for step in steps(workflow):
        if "run" not in step:
            continue
        ran = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=workspace,
            env=environment | {"GITHUB_STEP_SUMMARY": str(shown)},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, f"{step['run']}\n{ran.stdout}\n{ran.stderr}"
        said.append(ran.stdout)
    return "".join(said), shown.read_text(encoding="utf-8")


def checkout(folder: Path) -> None:
    """Make the folder look as a checkout does whose `make setup` has been done."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").mkdir()
    (folder / ".venv/bin").symlink_to(RETENTION.parent)
    (folder / ".venv/installed").touch()


def assert_all_is_kept(workflow: Path, workspace: Path) -> None:
    """What the workflow uploads and caches is there."""
    given = [step["with"]["path"] for step in steps(workflow) if "path" in step.get("with", {})]
    paths = [path for path in given if path not in ("~/.cache/uv", ".retention")]
    assert len(paths) == 5
    for path in paths:
        assert (workspace / path).exists(), path


class Night:
    """The shop of docs/queries.md, published before, and a nightly run of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.artifacts = folder, folder / "artifacts"
        self.exports = folder / "exports.yml"
        self.environment = os.environ | {
            "RETENTION_EXPORTS": str(self.exports),
            "RETENTION_WAREHOUSE": str(folder / "warehouse"),
            "DAGSTER_HOME": str(dagster_home(folder / "dagster home")),
        }

    def command(self) -> list[str]:
        """The command as `make nightly` has it."""
        return [str(RETENTION), "nightly", str(self.artifacts)]

    def run(self) -> int:
        """Run it on the shop; the exit code."""
        return subprocess.run(self.command(), capture_output=True, env=self.environment).returncode

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
    checkout(night.folder)
    (night.folder / "data").mkdir()
    (night.folder / "data/warehouse").symlink_to(night.folder / "warehouse")
    workflow = ROOT / ".github/workflows/nightly.yml"
    said, summary = run_steps(workflow, night.folder, night.environment)
    assert_all_is_kept(workflow, night.folder)
    assert summary == night.summary
    assert summary.startswith("# Nightly: green\n\nAs of 2024-06-30;")
    figures = {row[0]: row for row in table(summary, "Figures")}
    # 60, 15 and 25; before, 60 and 15
    worth = figures["Worth after 3 months"]
    assert (worth[1], worth[2], worth[-1]) == ("£100.00", "Feb\xa02024", "£75.00")
    # C is lost in May, when before nobody was left to be lost
    churn = figures["Churn of the month"]
    assert (churn[1], churn[2], churn[-1]) == ("100.0%", "May\xa02024", "")
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
    assert (
        "! marts.data_warnings, assert_no_odd_facts, warning: A row is a kind of odd fact"
        in summary
    )
    hints = re.findall(r"^  (\S.* query .+)$", said, re.MULTILINE)
    assert len(hints) == 3
    for hint in hints:
        assert len(night.paste(hint).splitlines()) > 1
    kept = {path.name for path in night.artifacts.iterdir()}
    assert kept >= {"marts.duckdb", "report.html", "checks", "data_docs", "dbt_docs", "summary.md"}


def test_a_red_night_says_what_stands_and_where_the_rows_are(night: Night) -> None:
    config = yaml.safe_load(night.exports.read_text(encoding="utf-8"))
    config["settings"]["max_rejected_share"] = 0.01
    night.exports.write_text(yaml.safe_dump(config), encoding="utf-8")
    assert night.run() == RED
    summary = night.summary
    assert summary.startswith("# Nightly: red")
    assert "readers see what was published before, as of 2024-06-30." in summary
    assert "max_rejected_share" in section(summary, "Checks that did not pass")
    (hint,) = re.findall(r"^The rows in question: (.+)$", summary, re.MULTILINE)
    assert "ordered_at is not a timestamp" in night.paste(hint)
    # the red gate was that night's: one that comes to no gate has found nothing
    night.exports.write_text("exports: []", encoding="utf-8")
    assert night.run() == USER_ERROR
    assert night.summary.startswith("# Nightly: the configuration, a file or the machine needs you")
    assert "as of 2024-06-30" in night.summary
    assert section(night.summary, "Checks that did not pass") == "\nno gate was reached\n"


def test_a_night_that_is_stopped_is_no_defect(night: Night) -> None:
    with (night.folder / "orders.csv").open("a", encoding="utf-8") as file:
        file.write(NEWS)
    running = subprocess.Popen(
        night.command(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=night.environment,
        # a shell lets what runs beside it ignore the keyboard
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert running.stderr is not None
        while not (said := running.stderr.readline()).startswith("  raw.orders: "):
            assert said
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == INTERRUPTED, err
    assert out == f"stopped before its end: see {night.artifacts / 'summary.md'}\n"
    assert night.summary.startswith("# Nightly: stopped before its end\n")
    assert "readers see what was published before, as of 2024-06-30." in night.summary


def test_the_words_of_the_command_are_those_of_all_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["nightly"]) == USER_ERROR
    assert capsys.readouterr().err == (
        "error: Missing argument 'FOLDER'.\nsee: retention nightly --help\n"
    )
    (tmp_path / "artifacts").write_text("a file", encoding="utf-8")
    (tmp_path / "exports.yml").write_text("exports: []", encoding="utf-8")
    given = ["--exports", str(tmp_path / "exports.yml"), "--warehouse", str(tmp_path / "w")]
    assert main(["nightly", str(tmp_path / "artifacts"), *given]) == USER_ERROR
    assert "artifacts: File exists" in capsys.readouterr().err


@pytest.mark.nightly
def test_a_repository_of_ones_own_runs_as_it_is_copied(tmp_path: Path) -> None:
    """23 orders of twelve customers: 120, 51, 18, 180, 96.75, 12, 150, 56.80, 55, 39.80, 42, 44."""
    mine = Path(shutil.copytree(ROOT / "data/template", tmp_path / "my shop"))
    (mine / ".retention").mkdir()
    checkout(mine / ".retention")
    workflow = mine / ".github/workflows/retention.yml"
    environment = os.environ | {"DAGSTER_HOME": str(dagster_home(tmp_path / "dagster"))}
    environment = {k: v for k, v in environment.items() if not k.startswith("RETENTION_")}
    _, summary = run_steps(workflow, mine, environment)
    assert_all_is_kept(workflow, mine)
    assert summary.startswith("# Nightly: green\n")
    asked = [str(RETENTION), "query", "--warehouse", "warehouse", "--format", "csv"]
    asked += ["select sum(orders), count(*), sum(net_revenue) from customer_value"]
    answer = subprocess.run(asked, cwd=mine, env=environment, capture_output=True, text=True)
    assert answer.stdout.splitlines()[1:] == ["23,12,865.3500"], answer.stderr
    # what it leaves behind is not pushed
    left = {path.name for path in mine.iterdir()} - {"step_summary.md", ".git"}
    ignored = set((mine / ".gitignore").read_text(encoding="utf-8").split())
    kept = {path.name for path in (ROOT / "data/template").iterdir()}
    assert {f"{name}/" for name in left - kept} == ignored


def section(summary: str, title: str) -> str:
    """What stands under a heading."""
    return summary.split(f"\n## {title}\n")[1].split("\n## ")[0]


def table(summary: str, title: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head."""
    lines = [line for line in section(summary, title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_template_is_checked_as_it_is_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = Path(shutil.copytree(ROOT / "data/template", tmp_path / "my shop"))
    assert main(["check", "--exports", str(mine / "exports.yml")]) == 0
    said = capsys.readouterr().out
    assert "orders: 23 rows of 1 file: 23 used, 0 rejected" in said
    assert "to be looked at" not in said
    own, template = (
        steps(folder / ".github/workflows" / name)
        for folder, name in ((ROOT, "nightly.yml"), (mine, "retention.yml"))
    )
    assert {step.get("uses") for step in own} == {step.get("uses") for step in template}
