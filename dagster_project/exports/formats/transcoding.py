"""Text that is not in UTF-8, as a copy that is: DuckDB reads nothing else."""

import codecs
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ExportError
from .scan import BOM, CHUNK, is_text, open_bytes, read_head

#: Marks at the beginning of a file, the longer ones first: UTF-32's begins like UTF-16's.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PLAIN = ("utf-8", "utf-8-sig", "ascii")


@contextmanager
def in_utf8(path: Path, encoding: str | None) -> Iterator[Path]:
    """The file itself where it is UTF-8 or not text, else a temporary copy in UTF-8.

    A mark at its beginning decides, else `encoding`, else it is UTF-8. Raises ExportError where
    the file is in another encoding than it says; other errors name the file, not the copy.
    """
    head = read_head(path)
    said = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
    said = said or (encoding if is_text(head) and not head.startswith(BOM) else None)
    if said is None or codecs.lookup(said).name in _PLAIN:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        _transcode(path, copy, said)
        try:
            yield copy
        except ExportError as error:
            raise ExportError(str(error).replace(str(copy), str(path))) from error


def _transcode(path: Path, copy: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = position = 0
    with open_bytes(path) as file, copy.open("wb") as out:
        while True:
            chunk = file.read(CHUNK)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                lines += error.object[: error.start].decode(encoding, "replace").count("\n")
                byte = position - held + error.start + 1
                raise ExportError(
                    f"{path}: line {lines + 1}, byte {byte}: 0x{error.object[error.start]:02X} is "
                    f"nothing in {encoding}; correct `encoding:`, or save the file as UTF-8"
                ) from error
            out.write(text.encode())
            lines += text.count("\n")
            position += len(chunk)
            if not chunk:
                return
