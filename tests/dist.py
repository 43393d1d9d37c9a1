"""Wheel and sdist as a user has them: described well, installed far from the checkout, and the tests of the sdist run.

    python tests/dist.py dist python

The first argument is the folder that holds both, the second the Python that a clean environment is made of. The work is
done in a temporary folder.
"""

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

NOWHERE = re.compile(r"https?://([\w-]+\.)*(example(\.\w+)?|test|invalid|localhost)(:|/|$)")
RELATIVE = re.compile(r"\]\((?!https?://|#|mailto:)([^)\s]+)\)")


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def described(wheel: Path) -> list[str]:
    """What is wrong with what an index would show of a wheel."""
    found = metadata(wheel)
    text = found.get_payload(decode=True)
    assert isinstance(text, bytes)
    links = RELATIVE.findall(text.decode())
    wrong = [f"a relative link in the long description: {link}" for link in links]
    urls = dict(each.split(", ", 1) for each in found.get_all("Project-URL") or [])
    if urls:
        expected = ("Homepage", "Source", "Issues", "Changelog")
        wrong += [f"no project URL {name}" for name in expected if name not in urls]
    everywhere = [*urls.values(), *re.findall(r"https?://[^)\s]+", text.decode())]
    wrong += [f"an address that leads nowhere: {url}" for url in everywhere if NOWHERE.match(url)]
    return wrong


def run(command: list[str | Path], folder: Path, environment: dict[str, str]) -> None:
    print("$", *command, flush=True)
    subprocess.run(command, cwd=folder, env=environment, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dist", type=Path)
    parser.add_argument("python")
    parser.add_argument("--no-tests", action="store_true", help="leave out the tests of the sdist")
    arguments = parser.parse_args()
    (wheel,), (sdist,) = (sorted(arguments.dist.resolve().glob(pattern)) for pattern in ("*.whl", "*.tar.gz"))
    if wrong := described(wheel):
        sys.exit("\n".join(wrong))
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryDirectory(prefix="unrolled-dist-") as name:
        folder = Path(name)
        run([arguments.python, "-m", "venv", "environment"], folder, outside)
        python = folder / "environment" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        run([python, "-m", "pip", "install", "--quiet", "--upgrade", "pip"], folder, outside)
        run([python, "-m", "pip", "install", "--quiet", wheel], folder, outside)
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        (source,) = (each for each in folder.iterdir() if each.name.startswith("unrolled-"))
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        run([python, source / "examples" / "quickstart.py"], elsewhere, outside)
        assert {each.name for each in elsewhere.iterdir()} >= {"quickstart_curves.png", "quickstart_confusion.png"}
        if not arguments.no_tests:
            run([python, "-m", "pip", "install", "--quiet", f"{wheel}[dev,examples]"], folder, outside)
            where = f"import unrolled, sys; assert unrolled.__file__.startswith({str(folder / 'environment')!r})"
            run([python, "-c", where], source, outside)  # the wheel's, not the sdist's
            tests = ["-m", "pytest", "-q", "-n", "auto", "--maxprocesses", "4", "--dist", "loadfile"]
            run([python, *tests, "--ignore=tests/peers", "tests"], source, outside)
        done = "installed and run" if arguments.no_tests else "installed, run and tested"
        print(f"{wheel.name} and {sdist.name}: {done} outside the checkout")


if __name__ == "__main__":
    main()
