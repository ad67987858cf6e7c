"""The command as it is spoken to: help, misspelt words, exit codes, completion, quick starts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from dagster_project.commands import document
from dagster_project.commands.cli import GREEN, INTERRUPTED, USER_ERROR, cli, main

Capture = pytest.CaptureFixture[str]
COMMAND = Path(sys.executable).with_name("retention")


def paths(command: click.Command, *above: str) -> list[tuple[str, ...]]:
    """The words of every command."""
    found = [above]
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            found += paths(child, *above, name)
    return found


@pytest.mark.parametrize("words", paths(cli), ids=" ".join)
def test_every_help_has_an_example_of_its_command(
    words: tuple[str, ...], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*words, "--help"]) == GREEN
    said = capsys.readouterr().out
    example = said.split("For example:\n")[1]
    assert " ".join(["retention", *words]) in example
    assert "..." not in said.replace("FILE...", "").replace("[ARGS]...", "")


@pytest.mark.parametrize("words", paths(cli), ids=" ".join)
def test_examples_are_commands_that_exist(words: tuple[str, ...]) -> None:
    """Each line of an example is parsed, and not run."""
    import shlex

    command: click.Command = cli
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    for line in (command.epilog or "").splitlines():
        if line.startswith("  retention "):
            given = shlex.split(line.split(" > ")[0])[1:]
            called: click.Command = cli
            while isinstance(called, click.Group):
                called = called.commands[given.pop(0)]
            called.make_context("retention", given)


def test_without_words_the_help_is_shown(capsys: Capture) -> None:
    assert main([]) == USER_ERROR
    assert "Commands:" in capsys.readouterr().err


def test_the_page_is_that_of_the_help() -> None:
    assert document.PAGE.read_text(encoding="utf-8") == document.page(), (
        "made anew by: python -m dagster_project.commands.document"
    )


@pytest.mark.parametrize(
    "given",
    [
        ["--help"],
        ["query", "select 1 as one"],
        ["tables"],
        ["export", "nothing"],
        ["describe", "x"],
    ],
    ids=lambda given: given[0],
)
def test_what_takes_long_to_import_is_left_until_it_is_needed(
    given: list[str], tmp_path: Path
) -> None:
    look = (
        "import sys\n"
        "from dagster_project.commands.cli import main\n"
        "main(sys.argv[1:])\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    where = [] if given == ["--help"] else ["--warehouse", str(tmp_path)]
    ran = subprocess.run(
        [sys.executable, "-c", look, *given, *where], capture_output=True, text=True, check=True
    )
    heavy = {"dagster", "dbt", "scipy", "numpy", "pandas", "matplotlib", "great_expectations"}
    assert not heavy & set(ran.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("shell", "asked"),
    [
        ("bash", {"COMP_WORDS": "retention ex", "COMP_CWORD": "1"}),
        ("zsh", {"COMP_WORDS": "retention ex", "COMP_CWORD": "1"}),
        ("fish", {"COMP_WORDS": "retention ex", "COMP_CWORD": "ex"}),
    ],
)
def test_shells_complete_commands(shell: str, asked: dict[str, str]) -> None:
    def answer(instruction: str) -> str:
        environment = os.environ | asked | {"_RETENTION_COMPLETE": f"{shell}_{instruction}"}
        ran = subprocess.run([COMMAND], env=environment, capture_output=True, text=True, check=True)
        return ran.stdout

    assert "export" in answer("complete")
    assert "explain" in answer("complete")
    assert "query" not in answer("complete")
    assert "_RETENTION_COMPLETE" in answer("source")


def test_bash_completes_a_published_table(tmp_path: Path) -> None:
    import duckdb

    with duckdb.connect(str(tmp_path / "marts.duckdb")) as con:
        con.execute("create table monthly_churn as select 1 as a; create table nps as select 1 a")
    script = (
        f'eval "$(_RETENTION_COMPLETE=bash_source {COMMAND})"\n'
        f"COMP_WORDS=({COMMAND} describe mon); COMP_CWORD=2\n"
        f"_retention_completion {COMMAND} mon describe; echo ${{COMPREPLY[@]}}"
    )
    environment = os.environ | {"RETENTION_WAREHOUSE": str(tmp_path)}
    ran = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["monthly_churn"]


def test_the_keyboard_stops_a_command(tmp_path: Path) -> None:
    import duckdb

    with duckdb.connect(str(tmp_path / "marts.duckdb")) as con:
        con.execute("create table t as select 1 as n")
    endless = "select sum(hash(n)) from range(1000000000000) as numbers (n)"
    asked = subprocess.Popen(
        [COMMAND, "query", endless, "--warehouse", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell lets what runs beside it ignore the keyboard
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    time.sleep(3)
    asked.send_signal(signal.SIGINT)
    try:
        out, err = asked.communicate(timeout=30)
    finally:
        asked.kill()
    assert (asked.returncode, out) == (INTERRUPTED, "")
    assert err == "stopped; what was published stands as it was\n"


def test_a_defect_has_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    def fail(*_: object) -> None:
        raise click.ClickException("of a library")

    monkeypatch.setattr("dagster_project.commands.tables.tables", fail)
    assert main(["tables", "--warehouse", str(tmp_path)]) == 3
    assert "a defect" in capsys.readouterr().err
