"""A few hundred of the damaged files that `make fuzz` makes by the hundred thousand, and numbers it never tried."""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from fuzz.formats import FORMATS, Format, check, pack
from fuzz.mutations import BINARY, TEXT, Mutation, mutate
from fuzz.trial import examples, mutant, place, verdict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unrolled.data import DataError, Dataset, Samples

FILES = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_the_examples_are_valid(tmp_path: Path, form: Format) -> None:
    for variant, files in enumerate(examples(form)):
        files = {"a.zip": pack(files)} if form.container == "zip" else files
        root = tmp_path / str(variant)
        check(form.load(place(form, files, root, {})))


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_damaged_file_is_refused_or_read_as_correct_data(tmp_path: Path, form: Format) -> None:
    valid = examples(form)
    number = 0

    @settings(FILES, max_examples=20)
    @given(seed=st.integers(0, 2**62))
    def damage(seed: int) -> None:
        nonlocal number
        number += 1  # a folder of its own each, for there is no telling which comes next
        root = tmp_path / str(number)
        files = mutant(form, valid, seed)
        assert verdict(form, place(form, files, root, {})) in ("loaded", "refused")
        assert {file.relative_to(root).as_posix() for file in root.rglob("*.*")} == set(files)

    damage()


@pytest.mark.parametrize("form", [form for form in FORMATS if form.container == "file"], ids=lambda form: form.name)
@given(content=st.binary(max_size=900))
@settings(FILES, max_examples=40)
def test_noise_is_refused(tmp_path: Path, form: Format, content: bytes) -> None:
    path = tmp_path / "noise"
    path.write_bytes(content)
    assert verdict(form, path) == "refused"


def test_a_broken_promise_is_noticed(tmp_path: Path) -> None:
    def raising(error: Exception, cause: Exception | None = None) -> Callable[[Path], object]:
        def load(_: Path) -> object:
            raise error from cause

        return load

    def warning(_: Path) -> object:
        return np.float32(1e38) * np.float32(1e38)

    bad = Samples(np.ones((2, 3, 1)), np.zeros(2, np.int64))
    bad.X[1, 2, 0] = np.nan
    for load, message in (
        (raising(DataError("no")), "refused"),
        (raising(KeyError("no")), r"raised KeyError"),
        (raising(DataError("no"), MemoryError()), "asked for more memory"),
        (warning, "raised RuntimeWarning"),
        (lambda _: None, "loaded, but not correct"),
        (lambda _: Dataset(bad, bad, ("a",)), "loaded, but not correct"),
    ):
        form = Format("made up", lambda *_: None, load)
        assert re.match(message, verdict(form, tmp_path))


@pytest.mark.parametrize("kinds", [BINARY, TEXT])
def test_the_same_seed_gives_the_same_damage(kinds: tuple[Mutation, ...]) -> None:
    content = b"1,2.5,-3e4\nabc,7\n" * 9
    found = [[mutate(content, content[::-1], kinds, Random(seed)) for seed in range(200)] for _ in range(2)]
    assert found[0] == found[1]
    assert sum(one != content for one in found[0]) > 180
