"""What the process's exit code says: no library's own code leaks out of the command."""

from ...exports.errors import ExportError, WarehouseBusy

#: All is well; a gate or test is red; the configuration, a file, the machine or the words of the
#: command need a person; a defect of ours; stopped from the keyboard.
GREEN, RED, USER_ERROR, BROKEN, INTERRUPTED = 0, 1, 2, 3, 130


def code_of(error: BaseException) -> int:
    """The exit code of a command that ends with this error."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return USER_ERROR if isinstance(error, ExportError | WarehouseBusy | OSError) else BROKEN
