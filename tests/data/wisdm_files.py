"""Small imitations of files that may not be shipped: WISDM, both editions as published, and a table of one's own.

Every function writes what the published files have, defects included if asked for, and nothing random but the
numbers of the signal. Whoever wants damaged files can damage what these write.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ACTIVITIES = ("Walking", "Jogging", "Upstairs", "Downstairs", "Sitting", "Standing")
LETTERS = "ABCDEFGHIJKLMOPQRS"  # no N
PERIOD = 50_000_000  # ns

# As the published file has them: a comma before the semicolon, records run together, spaces after the commas.
READABLE = (
    "33,Jogging,49106112167000,4.903325,10.882658,-0.08172209,;\n"
    "33,Jogging,49106162305000,-0.61291564,18.496431,3.0237172;33,Jogging,49106212290000,-1.18,12.1,7.2;\n"
    "33, Jogging, 49106262306000, 1.3756552, -2.4925237, 8.2E-4;\n"
)
# Fields that are empty, a record cut short, times of zero, a record given again and again with other values.
UNREADABLE = {
    "33,Jogging,49106542312000,-0.61,10.5,;\n": "empty field",
    "33,Jogging,49106552312000,,10.5,1.5;\n": "empty field",
    "33,Jogging,49106562312000,-0.61;\n": "not six fields",
    "20,Walking,0,0,0,0.0;\n": "zero time",
    "33,Hopping,49106572312000,-0.61,10.5,1.5;\n": "unknown activity",
    "33,Jogging,49106582312000,-0.61,1o.5,1.5;\n": "not a number",
    "33,Jogging,49106592312000,nan,10.5,1.5;\n": "not a number",
    "33,Jogging,49106602312000,1e99,10.5,1.5;\n": "number out of range",
}


def wisdm_v1_text(
    people: Sequence[int] = (1, 2, 3), steps: int = 120, activities: Sequence[str] = ACTIVITIES, seed: int = 0
) -> str:
    """Return well-formed records: everyone does every activity once, with a pause between two."""
    rng = np.random.default_rng(seed)
    time = 49_105_962_326_000
    lines = []
    for person in people:
        for activity in activities:
            for x, y, z in rng.normal(0, 5, (steps, 3)).astype(np.float32):
                late = int(rng.integers(-9_000_000, 9_000_000))  # uneven, but no step is missing
                lines.append(f"{person},{activity},{time + late},{x!s},{y!s},{z!s};\n")
                time += PERIOD
            time += 60_000_000_000
    return "".join(lines)


def write_wisdm_v1(
    path: Path,
    people: Sequence[int] = (1, 2, 3),
    steps: int = 120,
    activities: Sequence[str] = ACTIVITIES,
    *,
    defects: bool = True,
    seed: int = 0,
) -> None:
    """Write WISDM_ar_v1.1_raw.txt under the name `path`, as a zip of its folder if that ends in .zip."""
    text = wisdm_v1_text(people, steps, activities, seed)
    if defects:
        last = text[text.rstrip("\n").rfind("\n") + 1 :]
        text = READABLE + "".join(UNREADABLE) + text + last + "\n"
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("WISDM_ar_v1.1/readme.txt", "Readme\n")
            archive.writestr("WISDM_ar_v1.1/WISDM_ar_v1.1_raw.txt", text)
            archive.writestr("WISDM_ar_v1.1/WISDM_ar_v1.1_raw_about.txt", "About\n")
    else:
        path.write_bytes(text.encode())


def wisdm_2019_text(person: int, steps: int = 120, letters: str = LETTERS, seed: int = 0) -> str:
    """Return the records of one person, one activity after the other."""
    rng = np.random.default_rng([seed, person])
    time = 252_207_666_810_782
    lines = []
    for letter in letters:
        for x, y, z in rng.normal(0, 5, (steps, 3)).astype(np.float32):
            lines.append(f"{person},{letter},{time},{x!s},{y!s},{z!s};\n")
            time += 50_354_004
        time += 300_000_000_000
    return "".join(lines)


def write_wisdm_2019(
    folder: Path,
    people: Sequence[int] = (1600, 1601, 1602),
    steps: int = 120,
    letters: str = LETTERS,
    *,
    devices: Sequence[str] = ("phone", "watch"),
    sensors: Sequence[str] = ("accel", "gyro"),
    seed: int = 0,
) -> None:
    """Write the folder wisdm-dataset under the name `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.txt").write_text("Readme\n")
    (folder / "activity_key.txt").write_text("walking = A\njogging = B\n")
    for d, device in enumerate(devices):
        for s, sensor in enumerate(sensors):
            place = folder / "raw" / device / sensor
            place.mkdir(parents=True)
            (place / ".DS_Store").write_bytes(b"\0")
            for person in people:
                text = wisdm_2019_text(person, steps, letters, seed * 4 + d * 2 + s)
                (place / f"data_{person}_{sensor}_{device}.txt").write_bytes(text.encode())


def write_csv(
    path: Path,
    people: Sequence[str | int] = ("ann", "bob", "cy"),
    steps: int = 120,
    labels: Sequence[str] = ("nod", "wave"),
    *,
    delimiter: str = ",",
    seed: int = 0,
) -> None:
    """Write a table with the columns time (s, at 50 Hz), who, what, ax, ay, az, note."""
    rng = np.random.default_rng(seed)
    rows = [("time", "who", "what", "ax", "ay", "az", "note")]
    time = 0.0
    for person in people:
        for label in labels:
            for x, y, z in rng.normal(size=(steps, 3)):
                rows.append((f"{time:.2f}", str(person), label, f"{x:.6f}", f"{y:.6f}", f"{z:.6f}", '"a ""b"""'))
                time += 0.02
            time += 30.0
    path.write_bytes("".join(delimiter.join(row) + "\r\n" for row in rows).encode())
