"""What dbt keeps of parsing is made anew where it cannot be read; and what the command returns."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_project.commands import cli
from dagster_project.defs.raw import markdown_table
from dagster_project.exports.errors import WarehouseBusy
from dagster_project.warehouse import project, rejects


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A copy of what dbt has parsed, and the project's own again afterwards."""
    project.manifest()
    for name in ("MANIFEST", "PARSED_FROM", "PARTIAL_PARSE"):
        path = getattr(project, name)
        shutil.copy(path, tmp_path)
        monkeypatch.setattr(project, name, tmp_path / path.name)
    yield
    project.manifest.cache_clear()
    project.parsed_project.cache_clear()


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "gone"])
def test_a_damaged_manifest_is_made_anew(target: None, damage: str) -> None:
    whole = project.MANIFEST.read_bytes()
    broken = {"cut": whole[:5000], "empty": b"", "other": b"[1]"}
    if damage == "gone":
        project.MANIFEST.unlink()
    else:
        project.MANIFEST.write_bytes(broken[damage])
    project.manifest.cache_clear()
    assert "model.retention.cohort_retention" in project.manifest()["nodes"]


def test_what_dbt_parsed_is_made_anew(target: None) -> None:
    project.PARTIAL_PARSE.write_bytes(project.PARTIAL_PARSE.read_bytes()[:3000])
    project.PARSED_FROM.write_bytes(b"\xff\xfe")
    project.parsed_project.cache_clear()
    project.manifest.cache_clear()
    assert "model.retention.cohort_retention" in project.manifest()["nodes"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WarehouseBusy("held"), cli.USER_ERROR),
        (OSError(28, "No space left on device", "x"), cli.USER_ERROR),
        (KeyError("x"), cli.BROKEN),
    ],
)
def test_each_error_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, code: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(rejects, "read_rejects", fail)
    assert cli.main(["rejects", "--warehouse", str(tmp_path)]) == code


def test_a_value_in_a_preview_is_text() -> None:
    table = markdown_table(["who"], [["[a](http://x) | <img src=x>\n**b**"]])
    assert table.splitlines()[2] == (r"| \[a\]\(http\://x\) \| &lt;img src=x&gt; \*\*b\*\* |")
