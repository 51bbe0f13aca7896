"""Charts of logs, as the checker reads them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from polytope_lens import Box, Polytope
from polytope_lens.proof import checker
from polytope_lens.proof.log_chart import log_chart

ORTHANT = Polytope([[-1, 0], [0, -1]], [0, 1 / 3])
TRIANGLE = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
DOMAINS = [Box([0, -1], [0.1, 3]), Box([0, 0.3], [1, 0.3]), TRIANGLE, ORTHANT, None]


def read(chart):
    body = "".join(f"{line}\n" for line in chart.lines).encode()
    return checker.read_domain(checker.Log(BytesIO(body), len(body)), 2)


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_checker_finds_the_same_chart(domain):
    chart = log_chart(domain, 2)
    told, found = read(chart)
    assert (found.in_box, len(found.columns)) == (chart.in_box, chart.dim + 1)
    assert [list(row) for row in zip(*found.columns, strict=True)] == [
        [int(v) for v in row] for row in chart.matrix.tolist()
    ]
    assert found.sides == [[int(v) for v in row] for row in chart.sides]
    if isinstance(domain, Box):
        assert told == f"box from {domain.lower.tolist()} to {domain.upper.tolist()}"
    else:
        assert told.startswith("all of R^2")


@pytest.mark.parametrize("domain", DOMAINS)
def test_coordinates_are_fractions_of_the_box(domain):
    chart = log_chart(domain, 2)
    x = np.array([[0.25, 0.125]])[:, chart.free]
    s = chart.coordinates(x)
    matrix = np.array([[float(v) for v in row] for row in chart.matrix.tolist()])
    *y, t = matrix @ [*s[0], 1.0]
    assert np.allclose(np.array(y)[chart.free] / t, x[0])


def test_a_box_that_is_too_small_is_not_proved():
    chart = log_chart(TRIANGLE, 2)
    lines = [line.replace((1.0).hex(), (0.5).hex()) if line.startswith("box") else line for line in chart.lines]
    with pytest.raises(checker.RejectedError, match="multipliers do not prove it"):
        read(chart._replace(lines=lines))
