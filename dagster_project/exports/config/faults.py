"""What is wrong with an `exports.yml`, in sentences that name the key and its remedy."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import yaml

from ..contract import Column, Contract, Table
from ..statuses import STATUSES

if TYPE_CHECKING:
    from .load import Export, ExportsConfig


_TIMES = ("timestamp", "date")

#: What customers can be segmented by without a column of their own in the customer export.
SEGMENTS = ("country", "acquisition_source", "device", "channel", "first_order_coupon")


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming the likeliest meant name, or all of them."""
    known = sorted(known)
    close = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known)}"


def sentence(fault: Any, known_keys: Mapping[str, list[str]]) -> str:
    """One of pydantic's faults in words; `known_keys` are those of each section, and of ''."""
    # pydantic adds which of several forms it tried; a user knows none of their names
    parts = [str(part) for part in fault["loc"] if part not in ("str", "OtherColumn")]
    where = ".".join(part for part in parts if "[" not in part)
    if fault["type"] == "extra_forbidden":
        section = str(fault["loc"][0]) if len(fault["loc"]) > 1 else ""
        known = known_keys.get(section, [])
        return f"{where}: unknown key; {nearest(str(fault['loc'][-1]), known)}"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def told(faults: Sequence[Any]) -> list[Any]:
    """Pydantic's faults; of a column in another form, not that it is no plain name."""
    places = [fault["loc"] for fault in faults]

    def is_of_another_form(loc: tuple[int | str, ...]) -> bool:
        return loc[-1] == "str" and any(
            len(other) > len(loc) and other[: len(loc) - 1] == loc[:-1] for other in places
        )

    return [fault for fault in faults if not is_of_another_form(fault["loc"])]


def contract_faults(config: "ExportsConfig", contract: Contract) -> Iterable[str]:
    """What the configuration asks for that the contract does not know, and what it lacks."""
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
        if export.amount_is_per and (name != "orders" or export.grain != "line"):
            yield f"exports.{name}.amount_is_per: only orders with `grain: line` have it"
        elif "amount" not in export.columns and (
            {"amount", "discount_amount"} & set(export.amounts_of_order)
        ):
            yield (
                f"exports.{name}.amount_is_per: `order` is of a mapped amount; add `amount:`, or"
                " take it out"
            )
        if export.amounts and name != "refunds":
            yield f"exports.{name}.amounts: only refunds have it"
        elif (
            export.amounts == "gross"
            and (orders := config.exports.get("orders"))
            and not {"tax_amount", "shipping_amount"} & set(orders.columns)
        ):
            yield (
                f"exports.{name}.amounts: `gross` is split as orders are; map their `tax_amount:`"
                " or `shipping_amount:`"
            )
        yield from _units(name, export, table)
        for ours in sorted(export.hashed):
            if ours in table.columns and table.columns[ours].data_type != "string":
                yield f"exports.{name}.columns.{ours}.hash: only ids and other text have it"
        if export.status_map and name not in STATUSES:
            yield f"exports.{name}.status_map: only {', '.join(STATUSES)} have it"
            continue
        for theirs, ours in export.status_map.items():
            if ours not in STATUSES[name]:
                hint = nearest(ours, STATUSES[name])
                yield f"exports.{name}.status_map.{theirs}: unknown state '{ours}'; {hint}"
    if segments := config.settings.segments:
        profile = config.exports.get("customers")
        rest = set(profile.columns) - set(contract.tables["customers"].columns) if profile else ()
        known = [*SEGMENTS, *rest]
        for segment in segments:
            if segment not in known:
                hint = nearest(segment, known)
                yield (
                    f"settings.segments: '{segment}' is neither shipped nor a further column that"
                    f" exports.customers maps; {hint}"
                )
    names = [study.name for study in config.studies]
    for twice in {name for name in names if names.count(name) > 1}:
        yield f"studies: the name '{twice}' is used twice"


def _units(name: str, export: "Export", table: Table) -> Iterable[str]:
    for ours in export.columns:
        unit = export.unit(ours)
        if unit is None or ours not in table.columns:
            continue
        data_type = table.columns[ours].data_type
        suits = data_type.startswith("decimal") if unit == "cents" else data_type in _TIMES
        if not suits:
            what = "money" if unit == "cents" else "times"
            yield f"exports.{name}.columns.{ours}.unit: {unit} are of {what}; take it out"


def _unmapped(name: str, export: "Export", table: Table) -> Iterable[str]:
    for column in table.columns.values():
        if not column.is_required or column.name in export.columns:
            continue
        if stands_in(column, table, export.columns):
            continue
        needs = _needs(column, table)
        instead = f", or {' and '.join(sorted(needs))}," if needs else ""
        yield (
            f"exports.{name}.columns: the required column '{column.name}'{instead} is not mapped; "
            f"add `{column.name}: <its name in the file>` ({column.description.rstrip('.')})"
        )


def stands_in(column: Column, table: Table, given: Iterable[str]) -> bool:
    """Whether the default of a column can be computed from those that are mapped."""
    needs = _needs(column, table)
    return bool(needs) and needs <= set(given)


def _needs(column: Column, table: Table) -> set[str]:
    default = column.default or ""
    used = {name for name in table.columns if re.search(rf"\b{name}\b", default)}
    return {name for name in used if f"coalesce({name}" not in default}


class EachKeyOnce(yaml.SafeLoader):
    """YAML in which a key may not occur twice: all but the last would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if key.value != "<<" and keys.count(key.value) > 1:
                raise yaml.MarkedYAMLError(
                    problem=f"the key '{key.value}' stands here twice", problem_mark=key.start_mark
                )
        return super().construct_mapping(node, deep)
