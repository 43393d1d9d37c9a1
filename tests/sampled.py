"""Some of many combinations for `make test`, and all of them for `make test-long`."""

from collections.abc import Sequence
from typing import Any

import pytest


def sampled(cases: Sequence[Any], every: int) -> list[Any]:
    """Mark all but every so-manieth case as long; each value of each place stands in one that is not."""
    short = cases[::every]
    for place in range(len(cases[0])):
        missing = {repr(case[place]) for case in cases} - {repr(case[place]) for case in short}
        assert not missing, f"no case in {every} has {missing}"
    return [case if n % every == 0 else pytest.param(*case, marks=pytest.mark.long) for n, case in enumerate(cases)]
