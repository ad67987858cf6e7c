"""The errors a user can mend: each says where, what and what to do."""


class ExportError(Exception):
    """The configuration or a file is wrong; it names file, key or column, and the remedy."""


class WarehouseBusy(Exception):
    """Another run holds the warehouse."""
