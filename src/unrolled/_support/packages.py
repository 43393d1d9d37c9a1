"""Packages that are imported only when somebody calls for them."""

import importlib
from typing import Any


def imported(package: str, what: str) -> Any:
    """Import a package that an extra of the same name installs.

    Parameters
    ----------
    package : str
    what : str
        Who needs it, for the message.

    Raises
    ------
    ImportError
        Saying how it is installed, or, of one that is there and does not start, why.
    """
    try:
        return importlib.import_module(package)
    except ImportError as problem:
        if problem.name == package:
            raise ImportError(
                f"{what} needs {package}, which is not installed: pip install 'unrolled[{package}]'", name=package
            ) from None
        raise ImportError(
            f"{what} needs {package}, which cannot be imported: {problem}", name=problem.name
        ) from problem
