"""Open pages of the built site in a headless Chromium, and look: ``python docs/check_in_browser.py docs/_build/html``.

Formulas have to be drawn, figures to be fetched, the search to find something, and all of it without a network: every
host but this machine is unknown to the browser. With a second argument, pictures of the pages, light and dark, wide and
as narrow as a telephone, are written into that folder. Where there is no Chromium, it says so and is content.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PAGES = ("index.html", "report/equations.html", "derivations/lstm.html", "reference/generated/unrolled.rnn.train.html")
FIGURE, FOUND = "gallery/plot_learning_curves.html", "search.html?q=clipping"
SIZES = {"wide": (1400, 2400), "narrow": (500, 2400)}


class Quiet(SimpleHTTPRequestHandler):
    """Serve the site, and note what was asked for and what was answered."""

    asked: dict[str, int]

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Note an answer."""
        del size
        self.asked[self.path] = int(code)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """Serve a folder; yield its address, and the answers by what was asked."""
    handler = type("Handler", (Quiet,), {"asked": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", handler.asked  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


def chromium(browser: str, url: str, *options: str) -> str:
    """Open a page, and return what the browser prints."""
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        command += ["--virtual-time-budget=20000", *options, url]
        return subprocess.run(command, capture_output=True, text=True, timeout=180, check=True).stdout


def faults(browser: str, site: Path) -> list[str]:
    """Return a sentence for everything that is not as it should be."""
    said = []
    with served(site) as (address, asked):
        for page in (*PAGES, FIGURE):
            source = (site / page).read_text(encoding="utf-8")
            dom = chromium(browser, f"{address}/{page}", "--dump-dom")
            formulas = len(re.findall(r'class="math notranslate', source))
            drawn = len(re.findall(r"<mjx-container", dom))
            if drawn < formulas:
                said.append(f"{page}: {drawn} of {formulas} formulas are drawn")
            if not formulas and page.startswith(("report", "derivations")):
                said.append(f"{page}: there are no formulas")
            if "data-mjx-error" in dom:
                said.append(f"{page}: MathJax found an error: {re.findall(r'data-mjx-error=.([^>]*)', dom)[:3]}")
        images = [path for path in asked if "/_images/" in path]
        if not images:
            said.append("no figure was fetched")
        dom = chromium(browser, f"{address}/{FOUND}", "--dump-dom")
        if not re.search(r'class="search">\s*<li', dom):
            said.append(f"{FOUND}: nothing was found")
        missing = [path for path, code in asked.items() if code >= 400 and "favicon" not in path]
        said += [f"{path} was not there" for path in missing]
    return said


def pictures(browser: str, site: Path, folder: Path) -> None:
    """Write a picture of each page, light and dark, wide and narrow."""
    folder.mkdir(parents=True, exist_ok=True)
    with served(site) as (address, _):
        for page in (*PAGES, FIGURE, FOUND):
            for size, (width, height) in SIZES.items():
                for scheme, option in (("light", "1"), ("dark", "0")):
                    name = re.sub(r"\W+", "_", page.partition(".html")[0])
                    chromium(
                        browser,
                        f"{address}/{page}",
                        f"--window-size={width},{height}",
                        f"--blink-settings=preferredColorScheme={option}",
                        f"--screenshot={(folder / f'{name}_{size}_{scheme}.png').resolve()}",
                    )


def main() -> None:
    """Print what is wrong, and fail if anything is."""
    site = Path(sys.argv[1]).resolve()
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        print(f"in a browser: not looked at, as there is none of {', '.join(NAMES)}")
        return
    if not any(site.rglob("tex-svg.js")):
        print("in a browser: not looked at, as formulas need a network here: there was no npm")
        return
    if len(sys.argv) > 2:
        pictures(browser, site, Path(sys.argv[2]))
    said = faults(browser, site)
    print("\n".join(said) or "in a browser: formulas are drawn, figures shown, the search finds")
    sys.exit(bool(said))


if __name__ == "__main__":
    main()
