"""H-representations: what cddlib and we read of them, and what is none."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import FileFormatError
from polytope_lens.io.ine import read_ine
from written import CLIPPED, polytope_of, same


def test_ine_is_read_back(cell):
    assert same(Polytope.from_ine(cell.export.ine()), polytope_of(cell))


def test_cddlib_finds_the_corners_of_what_ine_says():
    cdd = pytest.importorskip("cdd")
    for region in (CLIPPED, Lens(golden((2, 8, 8), 2)).partition(Box([-1, -1], [1, 1]))[20]):
        lines = region.export.ine().splitlines()
        begin = lines.index("begin")
        assert lines[begin - 1] == "H-representation" and lines[-1] == "end"
        rows = [[Fraction(word) for word in line.split()] for line in lines[begin + 2 : -1]]
        assert lines[begin + 1] == f"{len(rows)} 3 rational"
        matrix = cdd.matrix_from_array([[float(v) for v in row] for row in rows], rep_type=cdd.RepType.INEQUALITY)
        generators = np.array(cdd.copy_generators(cdd.polyhedron_from_matrix(matrix)).array)
        assert (generators[:, 0] == 1).all()
        expected = region.polytope.vertices()
        assert len(generators) == len(expected)
        assert np.abs(expected[:, None] - generators[None, :, 1:]).max(axis=2).min(axis=1).max() < 1e-9
    assert lines[0].startswith("* row 0: ")


def test_ine_of_other_programs_is_read():
    text = (
        "a wedge\n* by hand\nH-representation\nlinearity 1 2\nbegin\n 3 3 real\n 1 0.5 -1e-1\n 0 1\n 2\n1/3 0 1\nend\n"
    )
    A, b = read_ine(text + "maximize 0 1 1\nincidence\n")
    assert A.tolist() == [[Fraction(-1, 2), Fraction(1, 10)], [-1, -2], [0, -1], [1, 2]]
    assert b.tolist() == [1, 0, Fraction(1, 3), 0]
    for word in ("equality", "partial_enum"):
        assert [array.tolist() for array in read_ine(text.replace("linearity", word))] == [A.tolist(), b.tolist()]
    after = text.replace("linearity 1 2\n", "") + "linearity 1 2\n"
    assert read_ine(after)[0].tolist() == A.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "V-representation\nbegin\n1 3 rational\n1 2 3\nend",
        "V-representation of a point\nbegin\n1 3 rational\n1 2 3\nend",
        "  V-representation\tby hand\nbegin\n1 3 rational\n1 2 3\nend",
        "begin\n1 3 rational\n1 2 3\nend\nhull",
        "H-representation\nV-representation\nbegin\n1 3 rational\n1 2 3\nend",
        "v-representation\nbegin\n1 3 rational\n1 2 3\nend",
        "V-Representation: a point\nH-representation\nbegin\n1 3 rational\n1 2 3\nend",
        "Vrepresentation\nbegin\n1 3 rational\n1 2 3\nend",
        "begin\n1 3 rational\n1 2 3\nend\nV-representation",
    ],
)
def test_points_are_not_read_as_halfspaces(text):
    with pytest.raises(FileFormatError, match="points and rays"):
        read_ine(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "begin\nend",
        "H-representation\nbegin\n1 3 rational\n1 2\nend",
        "H-representation\nbegin\n1 3 rational\n1 2 x\nend",
        "H-representation\nbegin\n1 3 rational\n1 2 1/0\nend",
        "H-representation\nbegin\n1 3 complex\n1 2 3\nend",
        "H-representation\nbegin\n1 3 real\n1 2 1e999999999\nend",
        "H-representation\nlinearity 2 1\nbegin\n1 3 rational\n1 2 3\nend",
        "H-representation\nlinearity\nbegin\n1 3 rational\n1 2 3\nend",
        "H-representation\nbegin\n-1 -3 rational\n1 2 3\nend",
        "H-representation\nlinearity 1 2\nbegin\n1 3 rational\n1 2 3\nend",
        "H-representation\nLinearity 1 1\nbegin\n1 3 rational\n1 2 3\nend",
        "H-representation\nnonnegative\nbegin\n1 3 rational\n1 2 3\nend",
        "H-representation of a cell\nbegin\n1 3 rational\n1 2 3\nend",
        "h-representation\nbegin\n1 3 rational\n1 2 3\nend",
        "H-representation\nstrict_inequality 1 1\nbegin\n1 3 rational\n1 2 3\nend",
        "a name\nbegin\n1 3 rational\n1 2 3\nend",
    ],
)
def test_other_texts_are_no_ine(text):
    with pytest.raises(FileFormatError, match="should"):
        read_ine(text)
