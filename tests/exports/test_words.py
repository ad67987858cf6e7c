"""Words that are nobody's id: what the models' quick test of them takes for granted."""

import pytest

from dagster_project.exports.mapping.words import for_models

WORDS = [word for words in for_models().values() for word in words]


@pytest.mark.parametrize("word", WORDS)
def test_a_quick_look_at_an_id_overlooks_no_word(word: str) -> None:
    assert word == word.lower().strip()
    assert not "2" <= word[0] <= "9"
    if "A" <= word[0] <= "z":
        assert not "1" <= word[-1] <= "9"
        assert len(word) <= 24 or "@" in word


def test_a_word_is_listed_once() -> None:
    assert len(set(WORDS)) == len(WORDS)
    assert not [word for word in WORDS if "|" in word or "'" in word]
