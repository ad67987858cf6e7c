"""What people ask of the published marts: answers to SELECTs, and nothing beyond the file."""

from pathlib import Path

import duckdb
import pytest

from dagster_project.commands.cli import GREEN, USER_ERROR, main
from dagster_project.warehouse.files import Warehouse

HOSTILE = (
    *("copy (select 1) to '{marts}' (format csv)", "copy figures to '{room}/out.csv'"),
    *("select 1; copy figures to '{room}/out.csv'", "export database '{room}/out.csv'"),
    *("attach '{room}/out.csv'", "select 1; attach '{room}/out.csv' as other", "detach marts"),
    *("create table marts.t (a int)", "create temp table t as select 1", "drop table figures"),
    *("insert into figures values (2)", "update figures set figure = 2", "delete from figures"),
    *("create macro f() as table from read_text('{secret}')", "prepare p as select 1"),
    *("set enable_external_access = true", "set lock_configuration = false", "reset threads"),
    *("pragma enable_profiling", "set log_query_path = '{room}/out.csv'", "checkpoint marts"),
    *("install httpfs", "load httpfs", "force install spatial", "update extensions"),
    *("call enable_logging(storage = 'file', storage_config = {{'path': '{room}/out.csv'}})",),
    *("create persistent secret s (type s3)", "explain analyze insert into figures values (2)"),
    *("import database '{room}'", "use memory", "begin; commit", "vacuum", "set variable a = 1"),
    *("from read_text('{secret}')", "from read_csv('{secret}')", "from read_blob('{secret}')"),
    *("from '{secret}'", '''from "{secret}"''', "from read_json('{secret}')", "from glob('/*')"),
    *("from sniff_csv('{secret}')", "from read_parquet('{secret}')", "from parquet_schema('/x')"),
    *("from read_text(['{secret}'])", "from query('from read_text(''{secret}'')')"),
    *("from query_table('{secret}')", "from parquet_metadata('{secret}')"),
    *("from read_csv('https://127.0.0.1:9/x.csv')", "from 's3://bucket/x.parquet'"),
    *("select * from (from read_text('{secret}'))", "from figures where figure in (from '/x')"),
    *("with a as (from read_csv_auto('{secret}')) from a", "from duckdb_secrets(redact = false)"),
    *("from read_duckdb('{room}/other.duckdb')", "from sqlite_scan('{secret}', 't')"),
    *("from answer", "from statements", "from marts_file", "from con", "from python_map('x')"),
)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as con:
        con.execute("create table figures as select 1 as figure")
    (tmp_path / "secret.txt").write_text("kept,back\n1,2\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("sql", HOSTILE)
def test_no_question_reads_or_writes_beyond_the_file(
    room: Path, sql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    marts = Warehouse(room).marts_file
    before = {file: file.read_bytes() for file in room.iterdir()}
    told = sql.format(room=room, marts=marts, secret=room / "secret.txt")
    code = main(["query", told, "--warehouse", str(room)])
    said = capsys.readouterr()
    assert (code, said.out) == (USER_ERROR, "")
    assert said.err.startswith("error: ")
    assert "kept" not in said.err
    assert {file: file.read_bytes() for file in room.iterdir()} == before


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("select figure + 1 as more from figures", "more"),
        ("from marts.figures; select 'second' as place", "second"),
        ("with f as (from figures) select * from f", "figure"),
        ("describe figures", "INTEGER"),
        ("show tables", "figures"),
    ],
)
def test_answers_are_shown(
    room: Path, sql: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["query", sql, "--warehouse", str(room)]) == GREEN
    assert shown in capsys.readouterr().out
