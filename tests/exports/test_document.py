"""The page of all settings is what validates them, and its examples are right."""

import json
from pathlib import Path

import yaml

from dagster_project.exports.config.document import PAGE, SCHEMA, json_schema, page
from dagster_project.exports.config.load import Export, load_config


def test_the_page_and_the_schema_are_up_to_date() -> None:
    again = "python -m dagster_project.exports.config.document"
    assert PAGE.read_text(encoding="utf-8") == page(), again
    assert SCHEMA.read_text(encoding="utf-8") == json_schema(), again
    assert "path" not in json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]


def test_every_setting_is_described() -> None:
    cells = [line.split("|") for line in page().splitlines() if line.startswith("| `")]
    assert len(cells) > 90
    assert [cell[1] for cell in cells if not cell[3].strip() or not cell[4].strip()] == []


def test_the_examples_of_an_export_are_valid(tmp_path: Path) -> None:
    examples = {name: field.examples[0] for name, field in Export.model_fields.items()}
    orders = {"order_id": "no", "customer_id": "who", "ordered_at": "at", "amount": "sum"}
    path = tmp_path / "exports.yml"
    # both may not be a comma, and orders are no refunds
    given = examples | {"columns": orders, "thousands": ".", "amounts": None}
    path.write_text(yaml.safe_dump({"exports": {"orders": given}}), encoding="utf-8")
    assert load_config(path).exports["orders"].skip_rows == 3
