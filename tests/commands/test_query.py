"""What `query`, `tables` and `describe` print: for people on a screen, for programs in a pipe."""

import io
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from dagster_project.commands.cli import GREEN, USER_ERROR, main
from dagster_project.commands.query import SHOWN, answer

Capture = pytest.CaptureFixture[str]


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A warehouse of two tables, one with its time last."""
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as con:
        con.execute(
            """
            create table churn as select 'order' as base, 10::bigint as opening,
                1.5::decimal(9, 4) as amount, 0.1 + 0.2::double as rate, true as is_complete,
                null::int as nothing, 'a, "b"' as word, date '2024-02-01' as month
            """
        )
        con.execute("comment on table churn is 'One row per month. Answers: how many\nleft?'")
        con.execute("comment on column churn.rate is 'Share that left.'")
        con.execute(
            "create table retention as select 'order_to_order' as study, 'country' as segment_name,"
            " n as n from range(500) as numbers (n)"
        )
    return tmp_path


def asked(room: Path, capsys: Capture, *arguments: str) -> str:
    assert main(["query", *arguments, "--warehouse", str(room)]) == GREEN
    return capsys.readouterr().out


def refused(room: Path, capsys: Capture, *arguments: str) -> str:
    assert main([*arguments, "--warehouse", str(room)]) == USER_ERROR
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


def test_a_pipe_gets_every_column_of_every_statement_as_csv(room: Path, capsys: Capture) -> None:
    assert asked(room, capsys, "from churn; select 1 as one") == (
        "base,opening,amount,rate,is_complete,nothing,word,month\n"
        'order,10,1.5000,0.30000000000000004,true,,"a, ""b""",2024-02-01\n'
        "\none\n1\n"
    )
    assert len(asked(room, capsys, "from retention").splitlines()) == 501


def test_whoever_reads_the_answer_may_stop(room: Path) -> None:
    command = Path(sys.executable).with_name("retention")
    long = "select a.n, b.n as m from retention a, retention b"
    pipe = f"{command} query '{long}' --warehouse {room} | head -n 2"
    ran = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[0] == "n,m"
    assert ran.stderr == ""


def test_json_is_an_array_of_rows(room: Path, capsys: Capture) -> None:
    (row,) = json.loads(asked(room, capsys, "from churn", "--format", "json"))
    assert row["word"] == 'a, "b"'
    assert (row["amount"], row["nothing"], row["month"]) == (1.5, None, "2024-02-01")
    assert json.loads(asked(room, capsys, "from churn where false", "--format", "json")) == []


def test_sql_comes_from_a_file_or_from_standard_input(
    room: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = room / "question.sql"
    file.write_text("select 7 as seven")
    assert asked(room, capsys, "--file", str(file)) == "seven\n7\n"
    for dash in ([], ["-"]):
        monkeypatch.setattr("sys.stdin", io.StringIO("select 8 as eight"))
        assert asked(room, capsys, *dash) == "eight\n8\n"
    monkeypatch.setattr("sys.stdin", Screen())
    assert "give the SQL" in refused(room, capsys, "query")
    assert "not both" in refused(room, capsys, "query", "select 1", "--file", str(file))
    assert "cannot be read" in refused(room, capsys, "query", "--file", str(room / "none.sql"))


def test_a_screen_shows_the_columns_that_fit_its_time_first(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    screen = Screen()
    notes = answer(room / "marts.duckdb", "from churn", None, None, screen)
    assert screen.getvalue().splitlines() == [
        "month       base   opening",
        "----------  -----  -------",
        "2024-02-01  order       10",
    ]
    assert notes == [
        "no room for amount, rate, is_complete, nothing, word; name columns, or --format csv gives"
        " all"
    ]
    monkeypatch.setenv("COLUMNS", "200")
    screen = Screen()
    assert answer(room / "marts.duckdb", "from churn", None, None, screen) == []
    assert screen.getvalue().startswith("base ")
    screen = Screen()
    notes = answer(room / "marts.duckdb", "from retention", None, None, screen)
    assert notes == [f"the first {SHOWN} rows; --format csv gives all"]
    assert len(screen.getvalue().splitlines()) == SHOWN + 2


def test_parquet_keeps_types_and_order_and_is_written_whole(room: Path, capsys: Capture) -> None:
    file = room / "out.parquet"
    sql = "select n, 1.5::decimal(9, 4) as amount from retention order by n desc;"
    asked(room, capsys, sql, "--format", "parquet", "--output", str(file))
    with duckdb.connect() as con:
        written = con.sql(f"from read_parquet('{file}')")
        assert [str(kind) for kind in written.types] == ["BIGINT", "DECIMAL(9,4)"]
        assert [row[0] for row in written.fetchall()] == list(range(499, -1, -1))
    before = file.read_bytes()
    for bad in ("select 1; select 2", f"copy churn to '{file}'", "select nope"):
        refused(room, capsys, "query", bad, "--format", "parquet", "--output", str(file))
    refused(room, capsys, "query", "select 1", "--format", "parquet")
    refused(room, capsys, "query", "select 1", "--output", str(file))
    secret = f"from read_text('{room / 'marts.duckdb'}')"
    refused(room, capsys, "query", secret, "--format", "parquet", "--output", str(file))
    assert file.read_bytes() == before
    assert {found.name for found in room.iterdir()} == {"marts.duckdb", "out.parquet"}


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("study = 'order_to_oder'", "no study is called 'order_to_oder'; do you mean"
         " 'order_to_order'?"),
        ("segment_name='zzz'", "no segment_name is called 'zzz'; there are country"),
        ("study = 'order_to_order' and n > 1000", ""),
        ("n = 1", ""),
    ],
)  # fmt: skip
def test_an_answer_says_what_a_misspelt_word_may_have_meant(
    room: Path, capsys: Capture, where: str, told: str
) -> None:
    for what in ("*", "count(*)"):  # a count of nothing is 0, and looks like an answer
        sql = f"select {what} from retention where {where}"
        assert main(["query", sql, "--warehouse", str(room)]) == GREEN
        assert capsys.readouterr().err.strip() == told


def test_tables_are_listed_with_their_question(room: Path, capsys: Capture) -> None:
    assert main(["tables", "--warehouse", str(room)]) == GREEN
    assert capsys.readouterr().out.splitlines() == [
        "table      rows  question",
        "churn         1  How many left?",
        "retention   500",
    ]


def test_a_table_is_described_with_a_question_that_works(room: Path, capsys: Capture) -> None:
    assert main(["describe", "CHURN", "--warehouse", str(room)]) == GREEN
    said = capsys.readouterr().out
    assert "One row per month." in said
    assert "rate         double        Share that left." in said
    example = said.splitlines()[-1].removeprefix('  retention query "').removesuffix('"')
    assert asked(room, capsys, example).startswith("month,base,opening,")
    assert "do you mean churn?" in refused(room, capsys, "describe", "chrun")
    assert "see: retention tables" in refused(room, capsys, "describe", "zzz")
