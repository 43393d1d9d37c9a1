"""Do all links inside the built site lead somewhere? ``python docs/check_links.py docs/_build/html``."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page points at, and what can be pointed at in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links and ids."""
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.ids.add(value)
            elif value and ((tag, name) in {("a", "href"), ("link", "href"), ("img", "src"), ("script", "src")}):
                self.targets.append(value)


def broken(site: Path) -> list[str]:
    """Return a sentence for each link that leads nowhere."""
    paths = (path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts)
    pages = {path: Page(path) for path in paths}
    said = []
    for path, page in pages.items():
        for target in dict.fromkeys(page.targets):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue  # another site's
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            where = path.relative_to(site).as_posix()
            if not there.exists():
                said.append(f"{where}: {target} is not there")
            elif parts.fragment and there in pages and unquote(parts.fragment) not in pages[there].ids:
                said.append(f"{where}: {target} has no such place")
    return said


def main() -> None:
    """Print what is broken, and fail if anything is."""
    site = Path(sys.argv[1]).resolve()
    said = broken(site)
    print("\n".join(said) or f"links: all lead somewhere, on {len(list(site.rglob('*.html')))} pages")
    sys.exit(bool(said))


if __name__ == "__main__":
    main()
