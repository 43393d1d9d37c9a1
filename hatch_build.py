"""What an index shows of the package: addresses, and the README with links that lead somewhere outside a checkout.

A hook of hatchling's, which pyproject.toml names. The README's links are relative, for those who read it in a checkout.
In the long description they are absolute, below ``repository``, which pyproject.toml gives in
``[tool.hatch.metadata.hooks.custom]``; while the repository has no address there, what was linked is left as words,
pictures are left out, and the package names no address.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

RELATIVE = r"\]\((?!https?://|#|mailto:)([^)\s]+)\)"
PICTURE = re.compile(r"!\[([^\]]*)" + RELATIVE)
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*)" + RELATIVE)


def long_description(readme: str, repository: str) -> str:
    """Return the README with no relative link."""
    if repository:
        pictured = PICTURE.sub(rf"![\1]({repository}/raw/main/\2)", readme)
        return LINK.sub(rf"[\1]({repository}/blob/main/\2)", pictured)
    return LINK.sub(r"\1", re.sub(r"\n{3,}", "\n\n", PICTURE.sub("", readme)))


def addresses(repository: str) -> dict[str, str]:
    """Return what the package names, if anything."""
    if not repository:
        return {}
    places = {"Homepage": "", "Source": "", "Issues": "/issues", "Changelog": "/blob/main/CHANGELOG.md"}
    return {name: repository + place for name, place in places.items()}


class Metadata(MetadataHookInterface):
    """Gives ``readme`` and ``urls``."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add both to what pyproject.toml says."""
        repository = self.config["repository"].rstrip("/")
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": long_description(text, repository)}
        metadata["urls"] = addresses(repository)
