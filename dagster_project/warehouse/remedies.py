"""What to do where the machine lacks something or a file is damaged, by the class of the error."""

import re

#: What a machine lacks, or a damaged file, by the class of DuckDB's or Python's error.
MENDED_BY_PEOPLE = {
    "OutOfMemoryException": "give it more memory or disk, or see RETENTION_MEMORY",
    "MemoryError": "give it more memory",
    "ImportError": "is memory short, or the installation damaged? `make setup` makes it anew",
    "Stalled": "it does so where memory is short; give it more, and run again",
    "PermissionError": "let this user read and write it",
    "BrokenPipeError": "a process that this one needs is gone: is memory short, or Python out of"
    " this user's reach?",
    "OSError": "is the disk full, or the file out of reach?",
    "OperationalError": "the history of runs was not written: is the disk full, its database gone?",
} | dict.fromkeys(
    (
        *("IOException", "FatalException", "InternalException", "SerializationException"),
        "TransactionException",  # what could not be committed: there is no other who writes
    ),
    "if the disk is full, make room; if this user may not write there, let it; if build.duckdb is"
    " damaged, move it away, and the next run builds it anew from the exports",
)

#: How DuckDB begins the message of such an error, which is all that dbt passes on.
_BEGINNINGS = {
    "IO Error": "IOException",
    "FATAL Error": "FatalException",
    "INTERNAL Error": "InternalException",
    "Out of Memory Error": "OutOfMemoryException",
    "Serialization Error": "SerializationException",
    "TransactionContext Error": "TransactionException",
}
_BEGINNING = re.compile(rf"^\s*({'|'.join(_BEGINNINGS)}): ", re.MULTILINE)


def remedy(message: str) -> str | None:
    """What to do about what dbt says of a node; None where no machine is to be mended."""
    found = _BEGINNING.search(message)
    return MENDED_BY_PEOPLE[_BEGINNINGS[found[1]]] if found else None
