"""What the process's exit code says: no library's own code leaks out of the command."""

from ...exports.errors import ExportError, WarehouseBusy
from ...warehouse.remedies import MENDED_BY_PEOPLE

#: All is well; a gate or test is red; the configuration, a file, the machine or the words of the
#: command need a person; a defect of ours; stopped from the keyboard.
GREEN, RED, USER_ERROR, BROKEN, INTERRUPTED = 0, 1, 2, 3, 130


def code_of(error: BaseException) -> int:
    """The exit code of a command that ends with this error."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    is_mended = type(error).__name__ in MENDED_BY_PEOPLE
    is_known = isinstance(error, ExportError | WarehouseBusy | OSError)
    return USER_ERROR if is_mended or is_known else BROKEN
