"""What words in names of columns and states mean, in the languages of `words.yml`."""

import re
import unicodedata
from functools import cache
from pathlib import Path

from ...settings import own_yaml
from ..statuses import STATUSES

_FILE = Path(__file__).with_name("words.yml")
_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ı": "i", "ø": "o", "æ": "ae", "№": " number "})
#: What joins the parts of a compound, as in Rechnung-s-datum.
_LINKS = ("", "s", "n", "en", "e", "es", "er")


@cache
def meaning(name: str) -> tuple[str, ...]:
    """The words of a name in English, those that add nothing left out; unknown ones as they are."""
    found: list[str] = []
    for word in _split(name):
        for part in _parts(word):
            if part not in found:
                found.append(part)
    if "sub" in found and "total" in found:
        found = [word for word in found if word not in ("sub", "total")] + ["subtotal"]
    return tuple(word for word in found if word)


def state_of(value: str, export: str) -> str | None:
    """Our state for a shop's word for one, by words of other languages; None if it is not known."""
    word = "_".join(_split(value))
    state = _states().get(word) or _states().get(word.removeprefix("wc_"))
    return state if state in STATUSES.get(export, ()) else None


def flag_of(value: str) -> bool | None:
    """Whether a value is a yes or a no, in any of the languages; None if it is neither."""
    word = plain(value)
    return next((key == "yes" for key, words in _flags().items() if word in words), None)


def plain(text: str) -> str:
    """The text in lower case, without accents."""
    lowered = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return "".join(sign for sign in lowered if not unicodedata.combining(sign)).translate(_LETTERS)


def _split(name: str) -> list[str]:
    """The words of a name: by signs, by capitals, and # as a number."""
    marked = re.sub(r"\b[nN][°º]", " number ", name).replace("#", " number ")
    marked = marked.replace("%", " percent ")
    marked = re.sub(r"(?i)\b(number|no|num)[ _]of[ _]", "quantity ", marked)
    words: list[str] = []
    for word in re.split(r"[\W_]+", marked):
        if plain(word) not in _dictionary()[0]:
            word = re.sub(r"([a-zа-я0-9])([A-ZА-Я])", r"\1 \2", word)
            word = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", word)
        words += [part for part in re.split(r"[^a-zа-яё0-9]+", plain(word)) if part]
    return words


def _parts(word: str) -> list[str]:
    if word in _empty() or (len(word) == 1 and not word.isdigit()):
        return []
    exact, _ = _dictionary()
    if word in exact:
        return [exact[word]]
    if found := _compound(word):
        return found
    return [_whole(word) or word]


def _whole(word: str) -> str | None:
    exact, stems = _dictionary()
    if word in exact:
        return exact[word]
    for length in range(len(word), 2, -1):
        if found := stems.get(word[:length]):
            # a long ending is another word
            return found if len(word) - length <= 4 else None
    return None


def _compound(word: str) -> list[str] | None:
    """The meanings of a compound's parts, the longest first part that fits first."""
    exact, stems = _dictionary()
    for cut in range(len(word) - 2, 2, -1):
        first, rest = word[:cut], word[cut:]
        head = exact.get(first) or stems.get(first)
        if not head:
            for link in _LINKS[1:]:
                bare = first.removesuffix(link)
                if bare != first and len(bare) > 2 and (bare in exact or bare in stems):
                    head = exact.get(bare) or stems.get(bare)
                    break
        if not head:
            continue
        if tail := _whole(rest):
            return [head, tail]
        if len(rest) > 4 and (tails := _compound(rest)):
            return [head, *tails]
    return None


@cache
def _told() -> dict:
    return own_yaml(_FILE)


@cache
def _dictionary() -> tuple[dict[str, str], dict[str, str]]:
    """Words as they are, and stems of words, with what they mean."""
    exact: dict[str, str] = {}
    stems: dict[str, str] = {}
    for means, languages in _told()["words"].items():
        for words in languages.values():
            for word in plain(words).split():
                table = stems if word.endswith("*") else exact
                table.setdefault(word.rstrip("*").replace("_", ""), means)
    return exact, stems


@cache
def known_words() -> frozenset[str]:
    """All that names are known to mean."""
    return frozenset(_told()["words"])


@cache
def _empty() -> frozenset[str]:
    return frozenset(plain(_told()["empty"]).split())


@cache
def _flags() -> dict[str, frozenset[str]]:
    return {key: frozenset(plain(words).split()) for key, words in _told()["flags"].items()}


@cache
def _states() -> dict[str, str]:
    return {
        word: state for state, words in _told()["states"].items() for word in plain(words).split()
    }
