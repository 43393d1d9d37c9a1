"""What the numbers were measured on, and what else it was doing."""

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent


def processor() -> str:
    """Return the processor's name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def system() -> str:
    """Return the operating system's name."""
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']} ({platform.system()} {platform.machine()})"
    except OSError:
        return platform.platform(terse=True)


def commit() -> str:
    """Return the commit that was measured; empty where that is not known."""
    command = ["git", "describe", "--always", "--dirty=, with changes"]
    try:
        return subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


@dataclass(frozen=True)
class Clock:
    """Times read together, in seconds: of the wall, of all processors at work, of this process and its children."""

    wall: float
    busy: float
    ours: float


def now() -> Clock | None:
    """Read the clocks, where there is /proc."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return None
    user, nice, kernel, _idle, _wait, irq, softirq, steal = map(int, stat.read_text(encoding="utf-8").split()[1:9])
    ticks = os.sysconf("SC_CLK_TCK")
    times = os.times()
    return Clock(
        perf_counter(),
        (user + nice + kernel + irq + softirq + steal) / ticks,
        times.user + times.system + times.children_user + times.children_system,
    )


def others(begun: Clock | None) -> str:
    """Tell how busy others have kept the machine since then."""
    ended = now()
    if begun is None or ended is None:
        return "unknown"
    spent = (ended.busy - begun.busy) - (ended.ours - begun.ours)
    fraction = spent / ((ended.wall - begun.wall) * (os.cpu_count() or 1))
    return f"{max(fraction, 0):.0%} of all cores' time"
