"""`exports.yml`: what to load and what a shop calls its columns, validated before anything runs."""

import datetime as dt
import glob
import re
from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from .contract import Contract, Table, load_contract
from .errors import ExportError

#: Of each export whose `status` speaks of a state: the words the models know.
STATUSES = {
    "orders": ("counted", "cancelled", "pending", "refunded"),
    "refunds": ("counted", "cancelled", "pending"),
    "messages": ("sent", "delivered", "opened", "clicked", "unsubscribed", "bounced"),
}

_CANCELLED = ("cancelled", "canceled", "void", "voided", "failed", "declined")
#: What shop systems call these states; a shop's own `status_map` comes before it.
DEFAULT_STATUS_MAPS = {
    "orders": {
        **dict.fromkeys(
            ("counted", "paid", "completed", "complete", "fulfilled", "shipped"), "counted"
        ),
        **dict.fromkeys(("delivered", "processing", "closed", "partially_refunded"), "counted"),
        **dict.fromkeys(_CANCELLED, "cancelled"),
        **dict.fromkeys(("pending", "on-hold", "authorized", "draft", "unpaid"), "pending"),
        **dict.fromkeys(("refunded", "returned"), "refunded"),
    },
    "refunds": {
        **dict.fromkeys(("counted", "approved", "processed", "completed", "complete"), "counted"),
        **dict.fromkeys(("paid", "refunded", "succeeded"), "counted"),
        **dict.fromkeys(("pending", "requested", "open", "processing"), "pending"),
        **dict.fromkeys(("rejected", "denied", *_CANCELLED), "cancelled"),
    },
    "messages": {
        **dict.fromkeys(("sent", "send", "processed"), "sent"),
        **dict.fromkeys(("delivered", "delivery"), "delivered"),
        **dict.fromkeys(("opened", "open"), "opened"),
        **dict.fromkeys(("clicked", "click"), "clicked"),
        **dict.fromkeys(("unsubscribed", "unsubscribe", "optout"), "unsubscribed"),
        **dict.fromkeys(("bounced", "bounce", "hard_bounce", "soft_bounce"), "bounced"),
    },
}


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"'{name}' is no time zone; use a name such as Europe/London") from error
    return name


def _currency(code: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", code):
        raise ValueError(f"'{code}' is no ISO 4217 currency code such as GBP")
    return code.upper()


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _rising(days: list[int]) -> list[int]:
    if sorted(set(days)) != days:
        raise ValueError("give three different numbers of days, the shortest first")
    return days


Zone = Annotated[str, AfterValidator(_known_zone)]
Currency = Annotated[str, AfterValidator(_currency)]
Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=0)]
Factor = Annotated[float, Field(gt=1)]
Horizons = Annotated[
    list[Annotated[int, Field(ge=1)]], Field(min_length=3, max_length=3), AfterValidator(_rising)
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Settings(_Strict):
    """Knobs of a shop. Those with a value are handed to dbt as vars of the same name."""

    business_time_zone: Zone | None = None
    week_starts_on: Literal["monday", "sunday"] | None = None
    base_currency: Currency | None = None
    churn_after_days: Annotated[int, Field(ge=1)] | None = None
    segments: list[str] | None = None
    as_of_date: dt.date | None = None
    last_day_is_partial: bool | None = None
    history_starts_on: dt.date | None = None
    left_truncation_days: Days | None = None
    retention_days: Days | None = None
    retention_weeks: Days | None = None
    retention_months: Days | None = None
    stickiness_window_days: list[Annotated[int, Field(ge=1)]] | None = None
    lifespan_horizon_days: Annotated[int, Field(ge=1)] | None = None
    lifespan_disagreement: Share | None = None
    session_timeout_minutes: Annotated[int, Field(ge=1)] | None = None
    exchange_rate_max_age_days: Days | None = None
    max_rejected_share: Share | None = None
    max_quarantined_share: Share | None = None
    max_unknown_customers_share: Share | None = None
    max_days_without_rows: Days | None = None
    volume_weeks: Annotated[int, Field(ge=2)] | None = None
    volume_min_rows: Annotated[int, Field(ge=1)] | None = None
    volume_warning_factor: Factor | None = None
    volume_critical_factor: Factor | None = None
    prediction_model: Literal["mbg", "bg"] | None = None
    prediction_horizons: Horizons | None = None
    prediction_holdout_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    prediction_discount_rate: Annotated[float, Field(ge=0)] | None = None
    prediction_max_error: Annotated[float, Field(gt=0)] | None = None
    prediction_min_lift: Annotated[float, Field(ge=1)] | None = None
    prediction_max_stretch: Annotated[float, Field(ge=1)] | None = None
    prediction_min_repeat_customers: Annotated[int, Field(ge=2)] | None = None


class Expression(_Strict):
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


class Export(_Strict):
    """One export: its files, how they are written, and what its columns are called."""

    files: Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)]
    columns: Annotated[dict[str, FileColumn], Field(min_length=1)]
    time_zone: Zone = "UTC"
    timestamp_format: str | None = None
    currency: Currency | None = None
    delimiter: Annotated[str, Field(min_length=1)] | None = None
    grain: Literal["order", "line"] = "order"
    negative_amounts: Literal["refund", "order"] = "refund"
    where: str | None = None
    select: str | None = None
    status_map: dict[str, str] = {}
    delivered_at: dt.date | None = None

    @field_validator("select")
    @classmethod
    def _names_the_file(cls, value: str | None) -> str | None:
        if value is not None and "{file}" not in value:
            raise ValueError("`select:` holds one SELECT over {file}")
        return value


class Study(_Strict):
    """A retention study: who enters by which activity, and which activity counts as coming back."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    start: str
    return_: Annotated[str, Field(alias="return")]
    entry: Literal["first", "recurring"] = "first"
    min_occurrences: Annotated[int, Field(ge=1)] = 1
    bucket: Literal["calendar"] = "calendar"


class ExportsConfig(_Strict):
    """The whole of `exports.yml`."""

    settings: Settings = Settings()
    exports: Annotated[dict[str, Export], Field(min_length=1)]
    studies: list[Study] = []
    path: Annotated[Path, Field(exclude=True)] = Path("exports.yml")

    def files(self, export: str) -> dict[str, Path]:
        """The export's files in name order: as `files` names them, and where they are.

        Raises ExportError where a pattern meets nothing.
        """
        found: dict[str, Path] = {}
        for pattern in self.exports[export].files:
            names = glob.glob(pattern, root_dir=self.path.parent, recursive=True)
            names += [pattern] if (self.path.parent / pattern).is_file() else []
            paths = {name: self.path.parent / name for name in names}
            if not (paths := {name: path for name, path in paths.items() if path.is_file()}):
                raise ExportError(
                    f"{self.path}: exports.{export}.files: no file matches '{pattern}' "
                    f"(looked from {self.path.parent.resolve()})"
                )
            found |= paths
        return dict(sorted(found.items()))

    def dbt_vars(self) -> dict[str, Any]:
        """The settings that were given, as dbt vars."""
        given = self.settings.model_dump(mode="json", exclude_none=True)
        if orders := self.exports.get("orders"):
            given |= {"orders_grain": orders.grain, "negative_amounts": orders.negative_amounts}
        return given | {"sessions_mapped": "sessions" in self.exports}


def asks_for(pattern: str, file: str) -> bool:
    """Whether a pattern of `files` names the file, be it there or not."""
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
        content = yaml.load(path.read_text(encoding="utf-8"), _EachKeyOnce)
    except yaml.YAMLError as error:
        raise ExportError(f"{path}: not valid YAML: {error}") from error
    except UnicodeDecodeError as error:
        raise ExportError(f"{path}: not UTF-8 ({error}); save it as UTF-8") from error
    if not isinstance(content, dict) or "path" in content:
        raise ExportError(f"{path}: expected the keys settings, exports and studies")
    try:
        config = ExportsConfig.model_validate(content | {"path": path})
    except ValidationError as error:
        faults = [_sentence(fault) for fault in error.errors()]
        raise ExportError("\n".join(f"{path}: {fault}" for fault in faults)) from error
    if faults := list(_contract_faults(config, contract)):
        raise ExportError("\n".join(f"{path}: {fault}" for fault in faults))
    return config


class _EachKeyOnce(yaml.SafeLoader):
    """YAML in which a key may not stand twice: of two, all but the last would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if key.value != "<<" and keys.count(key.value) > 1:
                raise yaml.MarkedYAMLError(
                    problem=f"the key '{key.value}' stands here twice", problem_mark=key.start_mark
                )
        return super().construct_mapping(node, deep)


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming the likeliest meant name, or all of them."""
    known = sorted(known)
    close = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known)}"


_MODELS: dict[str, type[BaseModel]] = {"settings": Settings, "exports": Export, "studies": Study}


def _sentence(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        model = _MODELS.get(str(fault["loc"][0])) if len(fault["loc"]) > 1 else ExportsConfig
        fields = model.model_fields.items() if model else ()
        known = [field.alias or name for name, field in fields if name != "path"]
        return f"{where}: unknown key; {nearest(str(fault['loc'][-1]), known)}"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def _contract_faults(config: ExportsConfig, contract: Contract) -> Iterable[str]:
    for name, export in config.exports.items():
        table = contract.tables.get(name)
        if table is None:
            yield f"exports.{name}: unknown export; {nearest(name, contract.tables)}"
            continue
        for column in export.columns:
            if column not in table.columns and table.rest is None:
                hint = nearest(column, table.columns)
                yield f"exports.{name}.columns.{column}: unknown column; {hint}"
        yield from _unmapped(name, export, table)
        if "grain" in export.model_fields_set and name != "orders":
            yield f"exports.{name}.grain: only orders have it"
        if export.status_map and name not in STATUSES:
            yield f"exports.{name}.status_map: only {', '.join(STATUSES)} have it"
            continue
        for theirs, ours in export.status_map.items():
            if ours not in STATUSES[name]:
                hint = nearest(ours, STATUSES[name])
                yield f"exports.{name}.status_map.{theirs}: unknown state '{ours}'; {hint}"
    names = [study.name for study in config.studies]
    for twice in {name for name in names if names.count(name) > 1}:
        yield f"studies: the name '{twice}' is used twice"


def _unmapped(name: str, export: Export, table: Table) -> Iterable[str]:
    for column in table.columns.values():
        if not column.is_required or column.name in export.columns:
            continue
        if column.default is not None:
            needs = {other for other in table.columns if re.search(rf"\b{other}\b", column.default)}
            needs = {other for other in needs if f"coalesce({other}" not in column.default}
            if needs <= set(export.columns):
                continue
            instead = f", or {' and '.join(sorted(needs))},"
        else:
            instead = ""
        yield (
            f"exports.{name}.columns: the required column '{column.name}'{instead} is not mapped; "
            f"add `{column.name}: <its name in the file>` ({column.description.rstrip('.')})"
        )
