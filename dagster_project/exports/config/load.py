"""`exports.yml`: what to load and what a shop calls its columns, validated before anything runs."""

import datetime as dt
import glob
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from ..contract import Contract, load_contract
from ..errors import ExportError
from .faults import EachKeyOnce, contract_faults, sentence
from .schema import FILES, Currency, Encoding, Settings, Strict, Zone, listed


class Expression(Strict):
    """A column that is not simply one of the file's: an expression over them, or a constant."""

    sql: str | None = None
    value: str | int | float | bool | dt.date | None = None

    @model_validator(mode="after")
    def _one_of(self) -> "Expression":
        if (self.sql is None) == (self.value is None):
            raise ValueError("give either `sql:` or `value:`")
        return self


def _named_file_column(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) else value


FileColumn = Annotated[str | Expression, BeforeValidator(_named_file_column)]


class Export(Strict):
    """One export: its files, how they are written, and what their columns are called."""

    files: Annotated[list[str], BeforeValidator(listed), Field(min_length=1)]
    columns: Annotated[dict[str, FileColumn], Field(min_length=1)]
    time_zone: Zone = "UTC"
    timestamp_format: str | None = None
    currency: Currency | None = None
    encoding: Encoding | None = None
    delimiter: Annotated[str, Field(min_length=1)] | None = None
    decimal: Literal[".", ","] = "."
    grain: Literal["order", "line"] = "order"
    negative_amounts: Literal["refund", "order"] = "refund"
    where: str | None = None
    select: str | None = None
    status_map: dict[str, str] = Field(default_factory=dict)
    delivered_at: dt.date | None = None
    missing_days: list[dt.date] | None = None

    @field_validator("select")
    @classmethod
    def _names_the_file(cls, value: str | None) -> str | None:
        if value is not None and "{file}" not in value:
            raise ValueError("`select:` holds one SELECT over {file}")
        return value


class Study(Strict):
    """A retention study: who enters by which activity, and which activity counts as coming back."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    start: str
    return_: Annotated[str, Field(alias="return")]
    entry: Literal["first", "recurring"] = "first"
    min_occurrences: Annotated[int, Field(ge=1)] = 1
    bucket: Literal["calendar", "elapsed"] = "calendar"


class ExportsConfig(Strict):
    """The whole of `exports.yml`."""

    settings: Settings = Settings()
    exports: Annotated[dict[str, Export], Field(min_length=1)]
    studies: list[Study] = Field(default_factory=list)
    path: Annotated[Path, Field(exclude=True)] = Path("exports.yml")

    def files(self, export: str, known: Iterable[str] = ()) -> dict[str, Path]:
        """The export's files in name order: as `files` names them, and where they are.

        Raises ExportError where a pattern matches nothing, neither on disk nor among the `known`
        files that were loaded before.
        """
        found: dict[str, Path] = {}
        for pattern in self.exports[export].files:
            names = glob.glob(pattern, root_dir=self.path.parent, recursive=True)
            names += [pattern] if (self.path.parent / pattern).is_file() else []
            paths = {name: self.path.parent / name for name in names}
            paths = {name: path for name, path in paths.items() if path.is_file()}
            if not paths and not any(asks_for(pattern, name) for name in known):
                raise ExportError(
                    f"{self.path}: exports.{export}.files: no file matches '{pattern}' "
                    f"(looked from {self.path.parent.resolve()})"
                )
            for name in paths:
                if not name.isascii() and name != name.encode(errors="ignore").decode():
                    raise ExportError(
                        f"{self.path}: exports.{export}.files: the file name {name!r} is not "
                        "UTF-8; rename the file"
                    )
            found |= paths
        return dict(sorted(found.items()))

    def setting_files(self) -> dict[str, Path]:
        """The files that settings name, by setting.

        Raises ExportError where one is not there.
        """
        given = self.settings.model_dump(include=FILES, exclude_none=True)
        found = {setting: self.path.parent / name for setting, name in given.items()}
        for setting, path in sorted(found.items()):
            if not path.is_file():
                raise ExportError(
                    f"{self.path}: settings.{setting}: {path} is no file; correct its name, which "
                    "is relative to this one, or take the setting out"
                )
        return found

    def dbt_vars(self) -> dict[str, Any]:
        """The settings that were given, as dbt vars."""
        given = self.settings.model_dump(mode="json", exclude_none=True, exclude=FILES)
        if orders := self.exports.get("orders"):
            given |= {"orders_grain": orders.grain, "negative_amounts": orders.negative_amounts}
        return given | {"sessions_mapped": "sessions" in self.exports}


def asks_for(pattern: str, file: str) -> bool:
    """Whether a pattern of `files` names the file, present or not."""
    if pattern == file:
        return True

    def meets(patterns: list[str], parts: list[str]) -> bool:
        if not patterns or not parts:
            return not parts and all(p == "**" for p in patterns)
        if patterns[0] == "**":
            return meets(patterns[1:], parts) or meets(patterns, parts[1:])
        return fnmatchcase(parts[0], patterns[0]) and meets(patterns[1:], parts[1:])

    return meets(pattern.split("/"), file.split("/"))


def load_config(path: Path, contract: Contract | None = None) -> ExportsConfig:
    """Read and validate `exports.yml`.

    Raises ExportError that lists every fault with its key, and the nearest right name.
    """
    contract = contract or load_contract()
    if not path.is_file():
        raise ExportError(f"{path}: no such file; `retention init FILE...` writes a first one")
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), EachKeyOnce)
    except yaml.YAMLError as error:
        raise ExportError(f"{path}: not valid YAML: {error}") from error
    except UnicodeDecodeError as error:
        raise ExportError(f"{path}: not UTF-8 ({error}); save it as UTF-8") from error
    if not isinstance(content, dict) or "path" in content:
        raise ExportError(f"{path}: expected the keys settings, exports and studies")
    try:
        config = ExportsConfig.model_validate(content | {"path": path})
    except ValidationError as error:
        faults = [sentence(fault, _known_keys()) for fault in error.errors()]
        raise ExportError("\n".join(f"{path}: {fault}" for fault in faults)) from error
    if faults := list(contract_faults(config, contract)):
        raise ExportError("\n".join(f"{path}: {fault}" for fault in faults))
    return config


def _known_keys() -> dict[str, list[str]]:
    """The keys of `exports.yml` by section; under '' the sections."""
    models: dict[str, type[BaseModel]] = {"": ExportsConfig, "settings": Settings}
    models |= {"exports": Export, "studies": Study}
    return {
        section: [f.alias or name for name, f in model.model_fields.items() if name != "path"]
        for section, model in models.items()
    }
