"""Where there is no network, links to other projects' pages are left out, and that is no warning."""

import logging
from typing import Any


class Unreachable(logging.Filter):
    """Let everything pass but that an inventory of intersphinx could not be fetched."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is to be seen."""
        return "inventories" not in record.getMessage() and "intersphinx inventory" not in record.getMessage()


def setup(app: Any) -> dict[str, bool]:
    """Hush intersphinx, before it begins."""
    del app
    for name in ("sphinx.sphinx.ext.intersphinx", "sphinx.sphinx.ext.intersphinx._load"):
        logging.getLogger(name).addFilter(Unreachable())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
