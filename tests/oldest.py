"""The oldest of everything that a project allows, as requirements for pip: of each ``>=`` an ``==``.

python tests/oldest.py pyproject.toml
"""

import re
import sys
from pathlib import Path

EXTRAS = ("examples", "threads", "distributed", "dev")
TOOLS = ("mypy", "ruff")
"""That run no test."""

OF_THE_TIME = ("pyparsing<3.3",)
"""What those require needs in turn, where a newer one warns of how they use it: Matplotlib 3.8 calls parseString."""

REQUIREMENT = re.compile(r'"([A-Za-z0-9_.-]+(?:\[[a-z,]+\])?)>=([0-9.]+)"')


def oldest(project: str) -> list[str]:
    """Return what is required, and by the extras that tests need, each in its oldest version."""
    lists = dict(re.findall(r"^([a-z-]+) = \[(.*?)\](?: #[^\n]*)?$", project, re.DOTALL | re.MULTILINE))
    pinned = {
        name: version
        for which in ("dependencies", *EXTRAS)
        for name, version in REQUIREMENT.findall(lists[which])
        if name not in TOOLS
    }
    return [*(f"{name}=={version}" for name, version in pinned.items()), *OF_THE_TIME]


if __name__ == "__main__":
    print(*oldest(Path(sys.argv[1]).read_text(encoding="utf-8")), sep="\n")
