"""Rows that are no data: the header once more, or a total or a note under the table."""

from collections.abc import Mapping

from ..config.load import Export
from ..contract import Table
from ..formats.readers import Incoming
from ..sql import literal
from .ids import clean

#: The reasons of such rows. Under a header in another order, columns are swapped: the file stops.
HEADER_AGAIN = "repeats the header"
OTHER_HEADER = "repeats the header with its columns in another order"
_TOTAL = "is a total, not a row of its own"
_NOTE = "is a note under the table, not a row of its own"

_TOTALS = (
    r"((grand|sub|overall)[ -]?)?(totals?|sum|count|gesamt(summe)?|summe|zwischensumme|totale|somme"
    r"|suma|toplam|total g[\x{e9}e]n[\x{e9}e]ral|\x{438}\x{442}\x{43e}\x{433}\x{43e}"
    r"|\x{432}\x{441}\x{435}\x{433}\x{43e})( *[:=])?( *[0-9][0-9.,]*)?"
    r"( *(rows?|records?|customers?|orders?|lines?|entries))?"
)
_TOTALS_BEGIN = "tgs\u0438\u0432"
#: What marks or hides the beginning of a word: ( * - and invisible characters.
_MARKS = [40, 42, 45, 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF]
_NOTES = (
    r"\(?[0-9][0-9.,]* (rows?|records?|entries)( affected)?\)?"
    r"|(-- ?|\* ?)?end of (file|report|data)\.?"
)


def repeats(table: Table, export: Export, incoming: Incoming, sources: Mapping[str, str]) -> str:
    """The SQL of the reason why a row is no data, with its column; NULL where it is some.

    Only rows that may be none are looked at closely: those whose key begins with no digit, or that
    lack what each row has.
    """
    named = {
        ours: theirs.strip().lower()
        for ours, theirs in export.named.items()
        if ours in sources and ours in table.columns and _is_text(ours, incoming, export)
    }
    if not named:
        return "null"
    keys = [name for name in table.key if name in named] or [next(iter(named))]
    value = {ours: f"lower({clean(f'_of_{ours}')})" for ours in named}
    words = ", ".join(literal(name.lower()) for name in incoming.columns)
    is_header = " and ".join(f"{value[ours]} = {literal(named[ours])}" for ours in named)
    same = " + ".join(f"coalesce(cast({value[ours]} in ({words}) as int), 0)" for ours in named)
    is_total = " or ".join(f"regexp_full_match({value[k]}, {literal(_TOTALS)})" for k in keys)
    first = value[keys[0]]
    is_note = f"regexp_full_match({first}, {literal(_NOTES)})"
    if others := [f"coalesce(trim(_of_{name}), '') = ''" for name in named if name != keys[0]]:
        is_note += f" or (contains({first}, ' ') and {' and '.join(others)})"
    lacking = [
        f"{name} is null" for name in sources if name in table.columns and _is_needed(table, name)
    ]
    # a header lacks what each row has, where rows have to have something; else its words are known
    words_begin = {name[0] for name in incoming.columns if name} if not lacking else set()
    begins = sorted({ord(s) for first in words_begin | set(_TOTALS_BEGIN) for s in _cases(first)})
    may_be_none = lacking + [
        f"ascii(_of_{key}) = {code}" for key in keys for code in [*begins, *_MARKS * (not lacking)]
    ]
    if not lacking:
        may_be_none.append(f"contains(_of_{keys[0]}, ' ')")
    told = (
        f"when {is_header} then {_fault(keys[0], HEADER_AGAIN)}"
        f" when {first} in ({words}) and {same} >= {max(1, (len(named) + 1) // 2)}"
        f" then {_fault(keys[0], OTHER_HEADER)}"
        f" when {is_total} then {_fault(keys[0], _TOTAL)}"
        f" when {is_note} then {_fault(keys[0], _NOTE)}"
    )
    return f"case when {' or '.join(may_be_none)} then case {told} end end"


def _cases(letter: str) -> set[str]:
    return {letter.lower()[0], letter.upper()[0]}


def _is_needed(table: Table, name: str) -> bool:
    return table.columns[name].is_not_null and table.columns[name].data_type != "string"


def _is_text(ours: str, incoming: Incoming, export: Export) -> bool:
    if ours in incoming.expressions:
        return incoming.expressions[ours] == "VARCHAR"
    kinds = {name.lower(): kind for name, kind in incoming.columns.items()}
    return kinds.get(export.named[ours].lower()) == "VARCHAR"


def _fault(column: str, reason: str) -> str:
    return literal(f"{column}\x1f{reason}")
