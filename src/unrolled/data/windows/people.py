"""People of recordings in memory, by number or by name."""

from collections.abc import Collection
from typing import Any

from unrolled._support.validation import whole_number
from unrolled.data.errors import DataError
from unrolled.data.windows.tables import number_people


def people_by_number(test_people: Collection[int | str], everything: list[Any]) -> Collection[int]:
    """Return the people to be tested on by their numbers, where they are given by the names that recordings have."""
    if isinstance(test_people, str) or not isinstance(test_people, Collection):
        return test_people  # type: ignore[return-value] # is refused with the other parameters
    numbers = _numbered([each[2] for each in everything if isinstance(each, tuple | list) and len(each) > 2])
    held_out = []
    for person in test_people:
        if isinstance(person, str) and person not in numbers:
            known = ", ".join(list(numbers)[:50]) or "numbers: the recordings have no names"
            raise DataError(f"test_people has {person!r}, expected some and not all of {known}")
        held_out.append(numbers[person] if isinstance(person, str) else person)
    return held_out


def _numbered(people: list[Any]) -> dict[str, int]:
    """Return the number of each person if all have names: from 1 in alphabetical order."""
    return number_people(sorted(set(people))) if people and all(isinstance(each, str) for each in people) else {}


def numbers_of_people(people: list[Any]) -> list[int]:
    """Return the numbers of people who may have names."""
    if numbers := _numbered(people):
        return [numbers[person] for person in people]
    found = []
    for i, person in enumerate(people):
        found.append(whole_number(person, f"recording {i}: person", error=DataError))
    return found
