"""The page and the JSON Schema of `exports.yml`, made of what validates it.

    python -m dagster_project.exports.config.document

writes both to `docs/`.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from ...settings import ROOT, dbt_defaults
from ..mapping import words
from .load import Accepted, Export, ExportsConfig, OtherColumn, Study
from .schema import Settings

PAGE, SCHEMA = ROOT / "docs/exports.md", ROOT / "docs/exports.schema.json"
_INTRO = """\
# exports.yml

What to load, what your columns are called, and the settings of your shop. `retention init FILE...`
proposes a first one, `retention check` says what the exports come to by it, and what of it looks
wrong or is still a TODO; [data/exports.yml](../data/exports.yml) is an example. An editor that
understands `# yaml-language-server: $schema=docs/exports.schema.json` completes and checks it.

```yaml
settings:      # of the shop, all optional
exports:       # what is loaded, by our names: orders, sessions, events, customers, refunds ...
studies:       # further retention studies, optional
```

Our columns of each export, and what they mean, stand in
[_sources.yml](../dbt_project/models/staging/_sources.yml); the required ones have to be mapped.

Where a file can be read in two ways, its values decide if they can; else the load stops and names
the setting that says which. A row that cannot be read is rejected with its reason, a value of an
optional column is left empty, counted and warned of.
"""


def page() -> str:
    """The page, in Markdown."""
    defaults = dbt_defaults()
    parts = [
        _INTRO,
        _section("Of an export", "`exports.<name>.<setting>`", Export, {}),
        _section(
            "Of a column",
            "`exports.<name>.columns.<ours>` is the name of a column in the file, or of a field in"
            " an object by its path, or one of these forms, as in `{name: created, unit: seconds}`",
            OtherColumn,
            {},
        ),
        _section(
            "Of a delivery that is odd and right",
            "`exports.<name>.accept`, a list; the gate that stopped a run prints its line",
            Accepted,
            {},
        ),
        _section("Of a study", "`studies`, a list", Study, {}),
        _section("Of the shop", "`settings.<setting>`", Settings, defaults),
        _nobodys_ids(),
    ]
    return "\n".join(parts)


def json_schema() -> str:
    """The JSON Schema for editors."""
    schema = ExportsConfig.model_json_schema(by_alias=True)
    del schema["properties"]["path"]
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _nobodys_ids() -> str:
    """The words that are nobody's id, by why."""
    reasons = words.NOTHING | words.NOBODY
    listed = (
        f"| {why} | {', '.join(f'`{word}`' for word in found)} |" for why, found in reasons.items()
    )
    rows = "\n".join(listed)
    return (
        "## Words that are nobody's id\n\n"
        "A customer or a device of such an id, in any case, is nobody: a row counts, as that of a"
        " guest\ndoes, or is held back where it is about a customer. So do ids of zeros only, and"
        " the words of\n`not_ids`. One with @ stands for every address that begins with it.\n\n"
        f"| why | words |\n|---|---|\n{rows}\n"
    )


def _section(title: str, where: str, model: type[BaseModel], defaults: Mapping[str, Any]) -> str:
    rows = "\n".join(_rows(model, defaults))
    head = "| setting | default | meaning | example |\n|---|---|---|---|"
    return f"## {title}\n\n{where}.\n\n{head}\n{rows}\n"


def _rows(model: type[BaseModel], defaults: Mapping[str, Any]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        default = defaults.get(name, field.get_default(call_default_factory=True))
        is_required = default is PydanticUndefined
        example = field.examples[0] if field.examples else defaults.get(name) or _SHOP[name]
        cells = [
            f"`{field.alias or name}`",
            "**required**" if is_required else _yaml(default),
            field.description or "",
            _yaml(example),
        ]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


#: Examples of settings whose default is nothing.
_SHOP = {
    "exchange_rates": "rates.csv",
    "exclude_customers": "staff.txt",
    "files_outside_folder": True,
    "base_currency": "GBP",
    "grace_days": 3,
    "not_ids": ["house account", "9999"],
    "segments": ["country", "device"],
    "as_of_date": "2024-06-30",
    "last_day_is_partial": True,
    "history_starts_on": "2022-01-01",
    "stickiness_window_days": [7, 28],
    "assume_consent": True,
    "report_title": "Rosewood & Co",
    "report_language": "ru",
}


def _yaml(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, sort_keys=False)
    return f"`{text.splitlines()[0]}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    SCHEMA.write_text(json_schema(), encoding="utf-8")
