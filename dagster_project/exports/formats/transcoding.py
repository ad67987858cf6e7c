"""A file as DuckDB can read it: in UTF-8, packed as it expects, without comment lines.

Where the file is not so by itself, a temporary copy is.
"""

import codecs
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..config.load import Export
from ..errors import ExportError
from .scan import BOM, CHUNK, compression, is_text, open_bytes, read_head

#: Marks at the beginning of a file, the longer ones first: UTF-32's begins like UTF-16's.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PLAIN = ("utf-8", "utf-8-sig", "ascii")
_PADDING = bytes(8)


@contextmanager
def readable(path: Path, export: Export) -> Iterator[Path]:
    """The file itself, or a temporary copy where it needs one to be read.

    A mark at its beginning decides its encoding, else `encoding`, else it is UTF-8. Raises
    ExportError where the file is in another encoding than it says; other errors name the file,
    not the copy.
    """
    with ExitStack() as stack:
        source = path
        for step in (_in_utf8, _unpadded, _without_comments):
            source = stack.enter_context(step(source, export))
        try:
            yield source
        except ExportError as error:
            if source == path:
                raise
            raise ExportError(str(error).replace(str(source), str(path))) from error


@contextmanager
def _in_utf8(path: Path, export: Export) -> Iterator[Path]:
    head = read_head(path)
    said = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
    said = said or (export.encoding if is_text(head) and not head.startswith(BOM) else None)
    if said is None or codecs.lookup(said).name in _PLAIN:
        yield path
        return
    with _copy() as copy:
        _transcode(path, copy, said)
        yield copy


@contextmanager
def _unpadded(path: Path, export: Export) -> Iterator[Path]:
    """Zeros behind a gzip stream fill up a tape's block or a disk's; DuckDB stumbles over them."""
    with path.open("rb") as file:
        size = path.stat().st_size
        file.seek(max(size - len(_PADDING), 0))
        is_padded = file.read() == _PADDING
    if compression(path) != "gzip" or not is_padded:
        yield path
        return
    with _copy() as copy, open_bytes(path) as packed, copy.open("wb") as out:
        shutil.copyfileobj(packed, out, CHUNK)
        out.flush()
        yield copy


@contextmanager
def _without_comments(path: Path, export: Export) -> Iterator[Path]:
    if export.comment is None or not is_text(read_head(path)):
        yield path
        return
    sign = export.comment.encode()
    with _copy() as copy, open_bytes(path) as file, copy.open("wb") as out:
        inside = False
        for line in file:
            if not inside and line.lstrip(BOM).startswith(sign):
                continue
            inside ^= line.count(b'"') % 2 == 1  # a value may go on in lines that begin so
            out.write(line)
        out.flush()
        yield copy


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "copy"


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
