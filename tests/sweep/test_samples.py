"""What a search finds out about its samples at the door."""

import numpy as np
import pytest

from unrolled.sweep.samples import arrays_of, number_of_symbols


def test_numbers_have_no_symbols_and_symbols_as_many_as_the_largest_says() -> None:
    assert number_of_symbols(np.zeros((2, 3, 4))) == 0
    assert number_of_symbols(np.array([[0, 2], [1, 0]])) == 3


@pytest.mark.parametrize("labeled", [True, False])
@pytest.mark.parametrize(("y", "n_classes"), [([0, 0], 1), ([0, 2], 3)])
def test_there_are_as_many_classes_as_the_largest_label_says(labeled: bool, y: list[int], n_classes: int) -> None:
    assert arrays_of((np.zeros((2, 3, 1)), np.array(y)), labeled=labeled)[1] == n_classes
