"""How much memory this process holds, and the most it has held."""

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def held() -> int:
    """Return the resident memory in bytes (where there is no /proc: the most there has been)."""
    return _status("VmRSS") if STATUS.exists() else _most_ever()


def peak() -> int:
    """Return the most resident memory there has been since :func:`forget_peak`, in bytes."""
    return _status("VmHWM") if STATUS.exists() else _most_ever()


def forget_peak() -> None:
    """Let the peak begin again at what is held now (Linux only; elsewhere the peak is of the process's life)."""
    if STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def _status(name: str) -> int:
    (line,) = (line for line in STATUS.read_text(encoding="utf-8").splitlines() if line.startswith(name + ":"))
    return int(line.split()[1]) * 1024


def _most_ever() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
