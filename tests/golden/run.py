"""Print the digests of the `unrolled` that is imported, and what they hold for, as JSON.

python -m golden.run [PATTERN], from the folder tests: a regular expression chooses among the names.
"""

import json
import re
import sys
import warnings
from pathlib import Path

from golden.arithmetic import blas_threads, identification
from golden.configurations import configurations
from golden.digests import digests

import unrolled


def main() -> None:
    """Compute every configuration."""
    warnings.simplefilter("error")  # as in the suite
    values: dict[str, dict[str, str]] = {}
    with blas_threads(1):
        for name, configuration in configurations().items():
            if len(sys.argv) > 1 and not re.search(sys.argv[1], name):
                continue
            try:
                values[name] = digests(configuration())
            except Exception as error:
                values[name] = {"raised": f"{type(error).__name__}: {error}"}
    source = str(Path(unrolled.__file__).parent)
    json.dump({"source": source, "arithmetic": identification(), "values": values}, sys.stdout)


if __name__ == "__main__":
    main()
