"""Ids and other keys of text: the same whatever a tool has put around them, or no id at all.

Spreadsheets cut the digits of long numbers, and what is left of two customers may be the same.
Such an id is rejected, in whatever format it comes.
"""

from ..contract import Column, names_id
from ..formats.names import INVISIBLE
from ..sql import literal
from . import words as known

#: Whole numbers that a float still tells apart.
_WHOLE = {"DOUBLE": 2**53, "FLOAT": 2**24}
_SHORT = 25  # no number that a spreadsheet cuts has as many signs
_SCIENTIFIC = r"[+-]?([0-9]+[.,][0-9]+[eE][+-]?[0-9]+|[0-9]+[eE][+-][0-9]+|[1-9][eE][0-9]{2})"

_CUT = "is not an id: a spreadsheet has cut its digits"
_ROUNDED = "is not an id: a float has rounded its digits"
#: What the text of an object is rejected for; its file is not loaded.
IS_OBJECT = "is an object or a list, not an id"


def is_id(column: Column) -> bool:
    """Whether the column identifies something, or somebody."""
    return column.data_type == "string" and names_id(column.name)


def text(column: Column, source: str, kind: str, may_hide: bool, words: list[str]) -> str:
    """The source as text: without what surrounds it, NULL where it says that there is nothing."""
    if kind in _WHOLE:  # ids that a spreadsheet or pandas turned into floats
        whole = f"cast(try_cast({source} as hugeint) as varchar)"
        return (
            f"case when {source} = floor({source}) then {whole} else cast({source} as varchar) end"
        )
    if kind != "VARCHAR":
        return f"nullif(trim(cast({source} as varchar)), '')"
    value = trimmed(source)
    if may_hide and is_id(column):
        value = f"case when {is_dressed(source)} then {clean(source)} else {source} end"
    value = f"nullif({value}, '')"
    if is_id(column):  # a whole number that was a float on its way; words are nobody's in staging
        if words:
            listed = ", ".join(literal(word) for word in words)
            value = f"case when {value} not in ({listed}) then {value} end"
        is_whole = f"regexp_full_match({value}, '-?[0-9]+\\.0')"
        bare = f"split_part({value}, '.', 1)"
        whole = f"case when {is_whole} then {bare} else {value} end"
        return f"case when ends_with({source}, '.0') then {whole} else {value} end"
    listed = "|" + "|".join([*known.IN_TEXT, *words]) + "|"
    meant = f"case when not contains({literal(listed)}, '|' || {value} || '|') then {value} end"
    if words:
        return meant
    # the words begin with one of # ( < N \ n u
    first = " and ".join(f"ascii({source}) <> {ord(sign)}" for sign in "<N\\nu")
    return f"case when ascii({source}) > 40 and {first} then {value} else {meant} end"


def trimmed(source: str) -> str:
    """`trim`, which costs more than reading the value does, only where it may find something."""
    may_find = (
        f"starts_with({source}, ' ') or ends_with({source}, ' ')"
        f" or strlen({source}) <> length({source})"
    )
    return f"case when {may_find} then trim({source}) else {source} end"


def hashed(value: str) -> str:
    """The hash of a text, in whatever case it is written; words for nobody stay what they are."""
    words = [
        word for kind in (known.NOTHING, known.NOBODY) for told in kind.values() for word in told
    ]
    listed = literal("|" + "|".join(words) + "|")
    is_nobody = (
        f"contains({listed}, '|' || lower({value}) || '|')"
        f" or contains({listed}, '|' || split_part(lower({value}), '@', 1) || '@|')"
    )
    return f"case when {is_nobody} then {value} else md5(lower({value})) end"


def clean(source: str) -> str:
    """Without invisible characters, line ends and tabs, and unwrapped from ="…" and a leading '."""
    visible = f"regexp_replace({source}, '[{INVISIBLE}\\t\\r\\n]', '', 'g')"
    spaced = f"trim(replace({visible}, chr(160), ' '))"
    unwrapped = f"regexp_replace({spaced}, '^=\"(.*)\"$', '\\1')"
    return f"trim(regexp_replace({unwrapped}, '^''([0-9])', '\\1'))"


def is_dressed(source: str) -> str:
    """Whether `clean` may find something: it costs several times what reading the value does."""
    first = ", ".join(f"{ord(sign)}" for sign in " ='")
    signs = " or ".join(f"contains({source}, chr({ord(sign)}))" for sign in "\t\r\n")
    return (
        f"(strlen({source}) <> length({source}) or ascii({source}) in ({first})"
        f" or ends_with({source}, ' ') or {signs})"
    )


def faults(column: Column, kind: str) -> list[tuple[str, str]]:
    """Why a value is no id: conditions and reasons, cheap tests first."""
    name, source = column.name, f"_of_{column.name}"
    if not is_id(column):
        return []
    if kind in _WHOLE:
        told = f"{source} = floor({source}) and abs({source}) < {_WHOLE[kind]}"
        return [(f"{source} is not null and not isnan({source}) and not ({told})", _ROUNDED)]
    if kind != "VARCHAR":
        return []
    is_rounded = (
        f"case when ends_with({source}, '.0') then length({name}) > 15"
        f" and abs(try_cast({name} as hugeint)) >= {_WHOLE['DOUBLE']} end"
    )
    may_be_object = f"starts_with({name}, '{{') or starts_with({name}, '[')"
    is_object = f"case when {may_be_object} then json_valid({name}) end"
    return [
        (
            f"case when ascii({name}) < {ord('9') + 1} and strlen({name}) < {_SHORT}"
            f" and (contains({name}, 'E') or contains({name}, 'e'))"
            f" then regexp_full_match({name}, '{_SCIENTIFIC}') end",
            _CUT,
        ),
        (is_rounded, _ROUNDED),
        (is_object, IS_OBJECT),
    ]
