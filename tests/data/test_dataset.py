import dataclasses
import re

import numpy as np
import pytest

from unrolled.data import DataError, Dataset, Samples, Scaling, Summary


def part(n: int = 4, d: int = 3, top: int = 1) -> Samples:
    return Samples(np.ones((n, 5, d)), np.arange(n) % (top + 1))


def test_it_tells_what_it_is() -> None:
    dataset = Dataset(part(6), part(), ("sit", "walk"), 50.0, "made up")
    assert repr(dataset) == (
        "Dataset(6 training and 4 test series of 5 steps x 3 axes at 50 Hz, raw; 1 and 0 seconds; "
        "classes: sit (3 + 2), walk (3 + 2))"
    )
    assert "at" not in repr(Dataset(part(6), part(), ("sit", "walk"))).split("axes")[1].split(";")[0]
    assert "standardized" in repr(dataset.standardized())
    assert Dataset(part(), part(), ["sit", "walk"]).classes == ("sit", "walk")  # type: ignore[arg-type]


def test_it_tells_of_different_lengths() -> None:
    shorter = dataclasses.replace(part(), lengths=np.array([2, 5, 3, 4]))
    assert "6 training and 4 test series of 2 to 5 steps x 3 axes" in repr(Dataset(part(6), shorter, ("a", "b")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test": part(d=2)}, "train has 3 axes and test has 2, expected the same number"),
        ({"train": part().subset([])}, "train has no samples"),
        ({"test": part().subset([])}, "test has no samples"),
        ({"test": part(top=2)}, "test has label 2 at row 2, expected 0 to 1: there are 2 classes"),
        ({"classes": ()}, "at least one name"),
        ({"classes": ("a", "")}, "none empty"),
        ({"classes": ("a", "b", "a")}, "(classes|names) have 'a' twice"),
        ({"classes": "ab"}, "classes is the string 'ab', expected a sequence of names"),
        ({"classes": (1, 2)}, r"classes are \(1, 2\), expected a tuple of names"),
        ({"rate": 0.0}, "rate is 0.0, expected a finite number of Hz"),
        ({"rate": float("nan")}, "rate is nan"),
        ({"scaling": Scaling(np.zeros(2), np.ones(2))}, "scaling is for 2 axes, expected 3"),
    ],
)
def test_refuses(change: dict[str, object], message: str) -> None:
    dataset = Dataset(part(), part(), ("a", "b"))
    with pytest.raises(DataError, match=message):
        dataclasses.replace(dataset, **change)  # type: ignore[arg-type]


def test_the_table_says_what_there_is_of_each_class() -> None:
    train = Samples(np.ones((4, 100, 2)), np.array([0, 1, 1, 1]), np.array([1, 1, 2, 2]))
    test = Samples(np.ones((2, 100, 2)), np.array([0, 0]), np.array([3, 4]))
    dataset = Dataset(train, test, ("sit", "walk"), 50.0)
    assert (
        str(dataset)
        == str(dataset.summary)
        == (
            "series of 100 steps x 2 axes at 50 Hz, raw\n"
            "class  training  people  seconds  test  people  seconds\n"
            "sit           1       1        2     2       2        4\n"
            "walk          3       2        6     0       0        0\n"
            "all           4       2        8     2       2        4"
        )
    )
    assert repr(dataset) == (
        "Dataset(4 training and 2 test series of 100 steps x 2 axes at 50 Hz, raw; 2 and 2 people; 8 and 4 seconds; "
        "classes: sit (1 + 2), walk (3 + 0))"
    )
    cells = [re.findall("<t[hd]>(.*?)</t[hd]>", row) for row in re.findall("<tr>(.*?)</tr>", dataset._repr_html_())]
    assert cells == [line.split() for line in str(dataset).splitlines()[1:]]
    assert dataset._repr_html_().endswith("<p>series of 100 steps x 2 axes at 50 Hz, raw</p>")


def test_the_table_has_what_was_dropped_beneath() -> None:
    known = Summary({"windows": 8}, {"windows": {"of <a class>": 2}})
    dataset = Dataset(part(), part(), ("a", "b"), summary=known)
    assert str(dataset).endswith("\nwindows: 8 kept, 2 dropped (2 of <a class>)")
    assert dataset._repr_html_().endswith("raw; windows: 8 kept, 2 dropped (2 of &lt;a class&gt;)</p>")
    assert str(known) == "windows: 8 kept, 2 dropped (2 of <a class>)"
    assert known._repr_html_() == "<p>windows: 8 kept, 2 dropped (2 of &lt;a class&gt;)</p>"
    chosen = dataset.select_classes(["b"])
    assert "b (2 + 2)" in repr(chosen)
    assert "all           4     20     4     20" not in str(chosen)
    with pytest.raises(DataError, match="summary is 'none', expected one such as"):
        Dataset(part(), part(), ("a", "b"), summary="none")  # type: ignore[arg-type]


@pytest.mark.parametrize(("rate", "shown"), [(1e-320, "inf"), (1e-12, "2e+13"), (1e308, "0")])
def test_seconds_at_any_rate(rate: float, shown: str) -> None:
    assert str(Dataset(part(), part(), ("a", "b"), rate)).splitlines()[-1].split() == ["all", *2 * ["4", shown]]


def test_of_very_many_classes_some_are_shown() -> None:
    dataset = Dataset(part(), part(), tuple(f"class {i}" for i in range(4100)))
    assert repr(dataset).endswith(", class 11 (0 + 0), ... 4088 more)")
    assert len(str(dataset).splitlines()) == 1 + 1 + 60 + 1 + 1
    assert str(dataset).splitlines()[-2] == "... and 4040 more"
    assert dataset._repr_html_().count("<tr>") == 1 + 60 + 1 + 1


def test_a_message_is_never_longer_than_300_characters() -> None:
    assert str(DataError("short")) == "short"
    message = str(DataError("/a/b.csv: " + "x" * 10**7 + " expected y"))
    assert len(message) < 320
    assert message.startswith("/a/b.csv: xxx")
    assert message.endswith("expected y")
