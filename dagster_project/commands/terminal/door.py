"""The door of the command: what comes out of it is an exit code, and words for whoever typed it."""

import errno
import os
import select
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from ...exports.errors import ExportError, WarehouseBusy
from ...settings import DBT_THREAD
from ...warehouse.remedies import MENDED_BY_PEOPLE
from .exit_codes import BROKEN, GREEN, INTERRUPTED, USER_ERROR

#: What to do about an error of the operating system, by its number.
REMEDIES = {
    errno.ENOSPC: "make room on the disk, or name another folder",
    errno.EDQUOT: "make room on the disk, or name another folder",
    errno.EACCES: "let this user read and write it, or name another place",
    errno.EPERM: "let this user read and write it, or name another place",
    errno.EROFS: "the disk may only be read; name another place",
    errno.EISDIR: "it is a folder; name a file",
    errno.ENOTDIR: "a part of this path is a file; name a folder",
    errno.ENOENT: "make its folder, or correct the name",
}


def through_the_door(call: Callable[[], int]) -> int:
    """What the call returns; where it raises, the exit code, with the reason on standard error."""
    try:
        return call()
    except click.exceptions.Exit as end:  # of --help
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        _say(error.format_message())
        return USER_ERROR
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "retention"
        _say(f"error: {error.format_message()}\nsee: {where} --help")
        return USER_ERROR
    except (ExportError, WarehouseBusy) as error:
        _say(f"error: {error}")
        return USER_ERROR
    except BrokenPipeError as error:
        if _nobody_listens(1):  # whoever read the answer has had enough of it
            return GREEN
        _say(f"error: {error}; {MENDED_BY_PEOPLE['BrokenPipeError']}")
        return USER_ERROR
    except OSError as error:  # a full disk, a folder that may not be written
        return _tell_of_the_machine(error)
    except KeyboardInterrupt:
        return _tell_of_the_end()
    # what nobody foresaw is a defect of ours, with its own exit code
    except Exception as error:
        if str(error) == "Query interrupted":  # how DuckDB says it
            return _tell_of_the_end()
        if remedy := MENDED_BY_PEOPLE.get(type(error).__name__):
            _say(f"error: {str(error).splitlines()[0]}; {remedy}")
            return USER_ERROR
        _say(traceback.format_exc())
        _say("error: a defect; the lines above say where")
        return BROKEN


def _say(words: str) -> None:
    with if_anybody_listens():
        print(words, file=sys.stderr)


def leave(code: int) -> int:
    """The exit code, unless dbt is still at work as a run broke off: the process then ends here.

    Python, as it ends, takes dbt's threads down wherever they are: within DuckDB that aborts the
    process, and the exit code is lost.
    """
    if any(thread.name == DBT_THREAD for thread in threading.enumerate()):
        with if_anybody_listens():
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    return code


@contextmanager
def if_anybody_listens() -> Iterator[None]:
    """What is said within of something that is over does not change what came of it."""
    try:
        yield
    except BrokenPipeError:
        if not _nobody_listens(1, 2):
            raise


def _nobody_listens(*streams: int) -> bool:
    """Whether who reads one of these streams is gone; nothing more is then said to them."""
    readers = select.poll()
    for stream in streams:
        readers.register(stream, 0)
    gone = [stream for stream, events in readers.poll(0) if events & select.POLLERR]
    for stream in gone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    return bool(gone)


def _tell_of_the_end() -> int:
    _say("stopped; what was published stands as it was")
    return INTERRUPTED


def _tell_of_the_machine(error: OSError) -> int:
    what = f"{error.filename or 'the answer'}: {error.strerror or error}"
    remedy = REMEDIES.get(error.errno or 0)
    _say(f"error: {what}{f'; {remedy}' if remedy else ''}")
    if error.errno == errno.ENOSPC and error.filename is None:
        # what is left of the answer has no room either, and Python would try again as it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return USER_ERROR
