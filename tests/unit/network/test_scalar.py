"""Outputs and neurons by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import OptionError
from polytope_lens.network.network import from_arrays
from polytope_lens.network.scalar import check_output, preactivation

TWO = from_arrays([np.eye(2), np.eye(2)], [np.zeros(2), np.zeros(2)])
ONE = from_arrays([np.eye(2), np.ones((1, 2))], [np.zeros(2), np.zeros(1)])


@pytest.mark.parametrize(("output", "number"), [(0, 0), (1, 1), (-1, 1), (-2, 0), (np.int64(1), 1)])
def test_outputs_are_counted_from_either_end(output, number):
    assert check_output(TWO, output) == number


@pytest.mark.parametrize("output", [0.0, True, "0", None, [0]])
def test_numbers_of_outputs_are_whole(output):
    with pytest.raises(OptionError, match=r"`output` should be a whole number, but received"):
        check_output(TWO, output)


def test_numbers_without_an_output_are_refused():
    for output in (2, -3):
        with pytest.raises(OptionError, match=rf"`i` is {output}, but the network has 2 outputs, counted from 0\."):
            check_output(TWO, output, name="`i`")
    with pytest.raises(OptionError, match=r"`output` is 1, but the network has 1 output, counted from 0\."):
        check_output(ONE, 1)
    with pytest.raises(OptionError, match=r"`neuron` is 2, but the network has 2 neurons in layer 0, counted from 0\."):
        preactivation(ONE, 0, 2)
    with pytest.raises(OptionError, match=r"`layer` is 1, but the network has 1 hidden layer, counted from 0\."):
        preactivation(ONE, 1, 0)
