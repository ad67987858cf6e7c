"""`exports.yml`: what to load and what a shop calls its columns, validated before anything runs."""

import datetime as dt
import glob
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

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
from .faults import EachKeyOnce, contract_faults, sentence, told
from .schema import (
    FILES,
    PLACES,
    REPORT,
    Abbreviation,
    Currency,
    Encoding,
    Settings,
    Strict,
    Zone,
    ZoneOrOffset,
    listed,
)

Unit = Literal["seconds", "milliseconds", "microseconds", "cents"]


class OtherColumn(Strict):
    """A column that is not simply one of the file's: what stands in it has to be told.

    One of the file's by `name`, whose values are of a `unit`; an expression over its columns, in
    `sql`; or a constant `value`.
    """

    name: str | None = Field(
        default=None, examples=["created"], description="The file's column, or the path to a field."
    )
    unit: Unit | None = Field(
        default=None,
        examples=["milliseconds"],
        description="What its values count: `seconds`, `milliseconds` or `microseconds` since 1970,"
        " or `cents`, hundredths of the currency.",
    )
    sql: str | None = Field(
        default=None,
        examples=["total - shipping"],
        description="An expression over the file's columns. A moment made of a count since 1970 is"
        " in UTC; others without a zone are in `time_zone`.",
    )
    value: str | int | float | bool | dt.date | None = Field(
        default=None, examples=["web"], description="The same for all rows."
    )
    hash: bool = Field(
        default=False,
        examples=[True],
        description="Of an id that is personal, such as an e-mail: only its hash is loaded, the"
        " same in every export, whatever the case of its letters.",
    )

    @model_validator(mode="after")
    def _one_of(self) -> "OtherColumn":
        if sum(given is not None for given in (self.name, self.sql, self.value)) != 1:
            raise ValueError("give either `name:`, `sql:` or `value:`")
        if self.unit is not None and self.value is not None:
            raise ValueError("`unit:` is of a column or of `sql:`; write the `value:` itself in it")
        if self.hash and self.value is not None:
            raise ValueError("`hash:` is of a column or of `sql:`; a `value:` is the same for all")
        return self


def _file_column(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) else value


FileColumn = Annotated[str | OtherColumn, BeforeValidator(_file_column)]


#: What a delivery can be odd in: the gates of `quality/nights`; and that it is gone while what was
#: loaded of it was loaded under another mapping.
NightGate = Literal[
    "rows",
    "lost",
    "restated",
    "empty",
    "values",
    "ids",
    "customers",
    "repeated",
    "amounts",
    "refunds",
    "dates",
    "times",
    "mapping",
]


class Accepted(Strict):
    """A delivery that is odd and right: what a gate finds about it is let through."""

    file: str = Field(
        examples=["orders_2024-03-31.csv"],
        description="The file, as the finding names it; `*` matches.",
    )
    gate: NightGate = Field(examples=["amounts"], description="What is odd, as the finding says.")
    reason: Annotated[str, Field(min_length=3)] = Field(
        examples=["prices rose"], description="Why it is right; the log of runs keeps it."
    )
    delivered_at: dt.date | None = Field(
        default=None,
        examples=["2024-03-31"],
        description="Which delivery of it, where a file of this name comes again; else each.",
    )

    def covers(self, file: str, gate: str, delivered_at: dt.date) -> bool:
        """Whether this is about what a gate finds in a delivery."""
        named = self.file == file or fnmatchcase(file, self.file)
        return named and self.gate == gate and self.delivered_at in (None, delivered_at)


Per = Literal["order", "line"]
OrderMoney = Literal["amount", "discount_amount", "tax_amount", "shipping_amount"]
#: Columns of money that an order may bear as a whole.
ORDER_MONEY: tuple[str, ...] = get_args(OrderMoney)


class Export(Strict):
    """One export: its files, how they are written, and what their columns are called."""

    files: Annotated[
        list[str],
        BeforeValidator(listed),
        Field(
            min_length=1,
            examples=["exports/orders_*.csv"],
            description="The files, relative to this file; `*` and `**` match.",
        ),
    ]
    columns: Annotated[
        dict[str, FileColumn],
        Field(
            min_length=1,
            examples=[{"order_id": "Order No", "customer_id": "customer.id"}],
            description="Our column: theirs. A field within an object is named by its path, as in"
            " `customer.id`; other forms are `{sql: …}`, `{value: …}` and `{name: …, unit: …}`.",
        ),
    ]
    time_zone: Zone = Field(
        default="UTC",
        examples=["Europe/Berlin"],
        description="The zone of times that name none; what a value says itself wins.",
    )
    timestamp_format: str | None = Field(
        default=None,
        examples=["%d.%m.%Y %H:%M"],
        description="How times are written, in the directives of strptime.",
    )
    zone_names: dict[Abbreviation, ZoneOrOffset] = Field(
        default_factory=dict,
        examples=[{"BST": "Europe/London"}],
        description="What abbreviations in times stand for: a time zone or an offset. Without it,"
        " those of several meanings (BST, IST, CST …) are not read.",
    )
    currency: Currency | None = Field(
        default=None,
        examples=["GBP"],
        description="The currency of rows that name none, as an ISO 4217 code.",
    )
    encoding: Encoding | None = Field(
        default=None, examples=["cp1252"], description="Of text files; UTF-8 unless given."
    )
    delimiter: str | None = Field(
        default=None,
        min_length=1,
        examples=[";"],
        description="Between the columns of a CSV file; found unless given.",
    )
    skip_rows: int = Field(
        default=0,
        ge=0,
        examples=[3],
        description="Lines above the header of a CSV file that are no data, such as titles.",
    )
    header: list[str] | None = Field(
        default=None,
        min_length=1,
        examples=[["customer", "day", "amount"]],
        description="Names for the columns of a CSV file that has no header line.",
    )
    comment: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        examples=["#"],
        description="The sign that a comment line begins with.",
    )
    decimal: Literal[".", ","] = Field(
        default=".", examples=[","], description="What fractions follow."
    )
    thousands: Literal["", ",", ".", " ", "'"] | None = Field(
        default=None,
        examples=[","],
        description="What separates thousands; `''` says that nothing does. Asked for where"
        " numbers can be read in two ways, as 1,234 can.",
    )
    number_style: Annotated[
        list[Literal["currency", "percent", "parentheses", "trailing_minus"]],
        BeforeValidator(listed),
    ] = Field(
        default_factory=list,
        examples=[["currency", "parentheses"]],
        description="Ways of writing numbers that are read too: with a currency sign, as a"
        " percentage, (negative) in parentheses, with the minus behind.",
    )
    null_words: Annotated[list[str], BeforeValidator(listed)] = Field(
        default_factory=list,
        examples=[["keine", "n. v."]],
        description="Further words that stand for an empty value, beside NULL, N/A, \\N and such.",
    )
    grain: Literal["order", "line"] = Field(
        default="order",
        examples=["line"],
        description="Of orders: whether a row is an order or a line of one.",
    )
    amount_is_per: Per | dict[OrderMoney, Per] | None = Field(
        default=None,
        examples=["order", {"shipping_amount": "order"}],
        description="Of orders with `grain: line`: whether an amount that all lines of an order"
        " share is the order's, counted once, or each line's. `order` is said of discount, tax and"
        " shipping too, a column's own word of it alone. Asked for where it matters.",
    )
    negative_amounts: Literal["refund", "order"] = Field(
        default="refund",
        examples=["order"],
        description="Of orders: whether a negative amount takes revenue back or is one.",
    )
    amounts: Literal["gross", "net"] | None = Field(
        default=None,
        examples=["gross"],
        description="Of refunds: whether amounts hold tax and shipping. Gross ones are split as"
        " their order is; what is taken off is the goods. Unsaid, they are gross where some equal"
        " their order with tax and shipping and none without; `data_warnings` says so.",
    )
    where: str | None = Field(
        default=None,
        examples=["total > 0"],
        description="SQL: only rows for which it holds are loaded.",
    )
    select: str | None = Field(
        default=None,
        examples=["select * from {file} join {buyers} using (buyer_no)"],
        description="SQL: a SELECT over `{file}` whose rows are loaded in place of its own.",
    )
    joined: dict[Annotated[str, Field(pattern=r"^[a-z_]+$")], str] = Field(
        default_factory=dict,
        examples=[{"buyers": "buyers.csv"}],
        description="Other files that `select:` reads, by the names it has for them in braces, as"
        " in `join {buyers} using (buyer_no)`. Where one changes, all is loaded again.",
    )
    status_map: dict[str, str] = Field(
        default_factory=dict,
        examples=[{"paid": "counted", "void": "cancelled"}],
        description="Their state: ours. An order is counted, refunded (it was one, and its money is"
        " given back), cancelled or pending.",
    )
    delivered_at: dt.date | None = Field(
        default=None,
        examples=["2024-07-01"],
        description="The day the files came; else from the file name, or when it was written.",
    )
    missing_days: list[dt.date] | None = Field(
        default=None,
        examples=[["2024-06-30"]],
        description="Days for which nothing came; else found where files come daily.",
    )
    accept: list[Accepted] = Field(
        default_factory=list,
        examples=[[{"file": "orders_2024-03-31.csv", "gate": "amounts", "reason": "prices rose"}]],
        description="Deliveries that are odd and right: what a gate found about them is let through"
        " and kept, with the reason, in `metric_run_log`.",
    )

    @field_validator("select")
    @classmethod
    def _names_the_file(cls, value: str | None) -> str | None:
        if value is not None and "{file}" not in value:
            raise ValueError("`select:` holds one SELECT over {file}")
        return value

    @model_validator(mode="after")
    def _joins_in_select(self) -> "Export":
        for name in self.joined:
            if f"{{{name}}}" not in (self.select or ""):
                raise ValueError(f"`joined:` has {name}, but `select:` does not read {{{name}}}")
        return self

    @model_validator(mode="after")
    def _separators_differ(self) -> "Export":
        if self.thousands == self.decimal:
            raise ValueError(
                f"`thousands:` and `decimal:` are both '{self.decimal}'; write what fractions"
                " follow too, as in `decimal: ','`"
            )
        return self

    @property
    def named(self) -> dict[str, str]:
        """Our columns that are one of the file's, with its name."""
        theirs = {
            ours: column.name if isinstance(column, OtherColumn) else column
            for ours, column in self.columns.items()
        }
        return {ours: name for ours, name in theirs.items() if name is not None}

    @property
    def computed(self) -> dict[str, str]:
        """Our columns that are an expression over the file's, with its SQL."""
        return {
            ours: column.sql
            for ours, column in self.columns.items()
            if isinstance(column, OtherColumn) and column.sql is not None
        }

    def unit(self, ours: str) -> Unit | None:
        """The unit that the column's values are in, where it is told."""
        column = self.columns.get(ours)
        return column.unit if isinstance(column, OtherColumn) else None

    @property
    def tells_unit_of_money(self) -> bool:
        """Whether what an order came to has a unit, is computed, or is a constant."""
        column = self.columns.get("amount") or self.columns.get("unit_price")
        return isinstance(column, OtherColumn) and (column.name is None or column.unit is not None)

    def is_per(self, column: str) -> Per | None:
        """Whether a column of money is the order's or its lines', where that is told."""
        told = self.amount_is_per
        if isinstance(told, dict):
            return told.get(column)  # type: ignore[call-overload]
        return told if column == "amount" or told == "order" else None

    @property
    def amounts_of_order(self) -> list[str]:
        """The columns of money that each line bears and that are their order's."""
        return [column for column in ORDER_MONEY if self.is_per(column) == "order"]

    @property
    def hashed(self) -> frozenset[str]:
        """Our columns of which only a hash is loaded."""
        return frozenset(
            ours for ours, c in self.columns.items() if isinstance(c, OtherColumn) and c.hash
        )


class Study(Strict):
    """A retention study: who enters by which activity, and which activity counts as coming back."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        examples=["view_to_order"], description="Its name in the marts."
    )
    start: str = Field(examples=["session"], description="The activity that a customer enters by.")
    return_: Annotated[
        str,
        Field(
            alias="return",
            examples=["order"],
            description="The activity that counts as coming back.",
        ),
    ]
    entry: Literal["first", "recurring"] = Field(
        default="first",
        examples=["recurring"],
        description="Whether a customer enters once or in each period.",
    )
    min_occurrences: Annotated[int, Field(ge=1)] = Field(
        default=1, examples=[3], description="How often it has to be done in a period to count."
    )
    bucket: Literal["calendar", "elapsed"] = Field(
        default="calendar",
        examples=["elapsed"],
        description="Whether periods are those of the calendar or of each customer's life.",
    )


class ExportsConfig(Strict):
    """The whole of `exports.yml`."""

    settings: Settings = Settings()
    exports: Annotated[dict[str, Export], Field(min_length=1)]
    studies: list[Study] = Field(default_factory=list)
    path: Annotated[Path, Field(exclude=True)] = Path("exports.yml")

    def files(self, export: str, known: Iterable[str] = ()) -> dict[str, Path]:
        """The export's files in name order: as `files` names them, and where they are.

        Raises ExportError where a pattern matches nothing, neither on disk nor among the `known`
        files that were loaded before, and where a file lies outside of the folder.
        """
        found: dict[str, Path] = {}
        for pattern in self.exports[export].files:
            names = [pattern]  # a file of just this name, whatever signs it has, is that file
            if not (self.path.parent / pattern).is_file():
                names = glob.glob(_any_case(pattern), root_dir=self.path.parent, recursive=True)
            paths = {name: self.path.parent / name for name in names}
            paths = {name: path for name, path in paths.items() if path.is_file()}
            if not paths and not any(asks_for(pattern, name) for name in known):
                raise ExportError(
                    f"{self.path}: exports.{export}.files: no file matches '{pattern}' "
                    f"(looked from {self.path.parent.resolve()}); correct `files`, or put them"
                    " there"
                )
            for name, path in paths.items():
                self._may_be_read(f"exports.{export}.files", path)
                if not name.isascii() and name != name.encode(errors="ignore").decode():
                    raise ExportError(
                        f"{self.path}: exports.{export}.files: the file name {name!r} is not "
                        "UTF-8; rename the file"
                    )
            found |= paths
        return dict(sorted(found.items()))

    def todos(self) -> dict[tuple[str, str], str]:
        """What is still to be decided, by export (or `settings`) and setting: its comments say so.

        A comment that does not name its setting is known by the number of its line.
        """
        if not self.path.is_file():
            return {}
        found: dict[tuple[str, str], str] = {}
        lines = self.path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            if said := re.search(r"#.*?\bTODO\b[ *:]*(.*)", line):
                # a question goes on in the comments below it that are indented
                below = (re.match(r"\s*#   (\S.*)", other) for other in lines[number:])
                more = (found[1] for found in takewhile(bool, below) if found)
                question = " ".join([said[1], *more])
                named = re.match(r"(?:exports\.)?(\w+)\.([\w.]+): (.*)", question)
                key = (named[1], named[2]) if named else ("settings", f"line {number}")
                asked = named[3] if named else question
                found[key] = f"{found[key]} {asked}" if key in found else asked
        return found

    def located(self, export: str) -> Export:
        """The export, the files that it joins by where they are.

        Raises ExportError where one of them is not there, or outside of the folder.
        """
        found = {n: self.path.parent / file for n, file in self.exports[export].joined.items()}
        for name, path in found.items():
            if not path.is_file():
                raise ExportError(
                    f"{self.path}: exports.{export}.joined.{name}: {path} is no file; correct its"
                    " name, which is relative to this one"
                )
            self._may_be_read(f"exports.{export}.joined.{name}", path)
        joined = {name: str(path) for name, path in found.items()}
        return self.exports[export].model_copy(update={"joined": joined})

    def setting_files(self) -> dict[str, Path]:
        """The files that settings name, by setting.

        Raises ExportError where one is not there, or outside of the folder.
        """
        given = self.settings.model_dump(include=FILES, exclude_none=True)
        found = {setting: self.path.parent / name for setting, name in given.items()}
        for setting, path in sorted(found.items()):
            if not path.is_file():
                raise ExportError(
                    f"{self.path}: settings.{setting}: {path} is no file; correct its name, which "
                    "is relative to this one, or take the setting out"
                )
            self._may_be_read(f"settings.{setting}", path)
        return found

    def _may_be_read(self, named_by: str, path: Path) -> None:
        """Raise ExportError where a file is not in the folder, unless a setting says it may be.

        What counts is where it is once links are followed.
        """
        folder = self.path.parent.resolve()
        if self.settings.files_outside_folder or path.resolve().is_relative_to(folder):
            return
        raise ExportError(
            f"{self.path}: {named_by}: {path.resolve()} lies outside of {folder}; put the file into"
            " that folder, or, where you trust who wrote this, let it be read by `settings:"
            " {files_outside_folder: true}`"
        )

    def dbt_vars(self) -> dict[str, Any]:
        """The settings that were given, as dbt vars."""
        given = self.settings.model_dump(
            mode="json", exclude_none=True, exclude=FILES | PLACES | REPORT
        )
        if orders := self.exports.get("orders"):
            given |= {
                "orders_grain": orders.grain,
                "orders_currency": orders.currency or "",
                "negative_amounts": orders.negative_amounts,
                "amounts_of_order": orders.amounts_of_order,
                "amount_unit_is_told": orders.tells_unit_of_money,
            }
        if (refunds := self.exports.get("refunds")) and refunds.amounts:
            given["refund_amounts"] = refunds.amounts
        return given | {"sessions_mapped": "sessions" in self.exports}

    def report_settings(self) -> dict[str, str]:
        """The settings of the report that were given."""
        return self.settings.model_dump(include=REPORT, exclude_none=True)


def _any_case(pattern: str) -> str:
    """The pattern, its extension in any case: a folder may hold `a.csv` and `b.CSV`."""
    start, dot, extension = pattern.rpartition(".")
    if not dot or not re.fullmatch(r"[A-Za-z0-9]+", extension):
        return pattern
    letters = (f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in extension)
    return f"{start}.{''.join(letters)}"


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

    return meets(_any_case(pattern).split("/"), file.split("/"))


def load_config(path: Path, contract: Contract | None = None) -> ExportsConfig:
    """Read and validate `exports.yml`.

    Raises ExportError that lists every fault with its key, and the nearest right name.
    """
    if path.is_dir():
        raise ExportError(f"{path} is a folder; name the file in it, as in {path / 'exports.yml'}")
    if not path.is_file():
        raise ExportError(f"{path}: no such file; `retention init FILE...` writes a first one")
    try:
        return read_config(path.read_text(encoding="utf-8"), path, contract)
    except UnicodeDecodeError as error:
        raise ExportError(f"{path}: not UTF-8 ({error}); save it as UTF-8") from error


def read_config(text: str, path: Path, contract: Contract | None = None) -> ExportsConfig:
    """Validate the text of an `exports.yml` as if it stood in `path`; see `load_config`."""
    contract = contract or load_contract()
    try:
        content = yaml.load(text, EachKeyOnce)
    except yaml.YAMLError as error:
        raise ExportError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(content, dict) or "path" in content:
        raise ExportError(f"{path}: expected the keys settings, exports and studies")
    try:
        config = ExportsConfig.model_validate(content | {"path": path})
        faults = list(contract_faults(config, contract))
    except ValidationError as error:
        faults = [sentence(fault, _known_keys()) for fault in told(error.errors())]
        # what is left without the faulty parts may have faults of its own
        faults += _faults_of_the_rest(content | {"path": path}, error, contract)
    if faults:
        raise ExportError("\n".join(f"{path}: {fault}" for fault in dict.fromkeys(faults)))
    return config


def _faults_of_the_rest(content: Any, error: ValidationError, contract: Contract) -> list[str]:
    """What the contract does not know of a configuration, its faulty exports and settings aside."""
    for section in ("exports", "settings"):
        faulty = {f["loc"][1] for f in error.errors() if f["loc"][0] == section and f["loc"][1:]}
        if isinstance(given := content.get(section), dict):
            content = content | {section: {k: v for k, v in given.items() if k not in faulty}}
    try:
        return list(contract_faults(ExportsConfig.model_validate(content), contract))
    except ValidationError:
        return []


def _known_keys() -> dict[str, list[str]]:
    """The keys of `exports.yml` by section; under '' the sections."""
    models: dict[str, type[BaseModel]] = {"": ExportsConfig, "settings": Settings}
    models |= {"exports": Export, "studies": Study}
    return {
        section: [f.alias or name for name, f in model.model_fields.items() if name != "path"]
        for section, model in models.items()
    }
