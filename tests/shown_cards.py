"""Reading what notebooks show, and networks to show."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import numpy as np

from polytope_lens import Box, Lens

SQUARE = Box([-1, -1], [1, 1])


def dense(*widths):
    rng = np.random.default_rng(0)
    pairs = list(pairwise(widths))
    weights = [rng.standard_normal((n, m)) for m, n in pairs]
    return Lens.from_arrays(weights, [rng.standard_normal(n) for _, n in pairs])


LENS = dense(2, 6, 6, 2)
MANY = dense(784, 64, 64, 10)


def tree(html):
    """HTML as XML, which has fewer names for characters."""
    for name, meant in (("minus", "-"), ("le", "&lt;="), ("rarr", "->")):
        html = html.replace(f"&{name};", meant)
    return ElementTree.fromstring(html)


def rows(thing):
    """The cells of all rows of its tables."""
    return [["".join(cell.itertext()) for cell in row] for row in tree(thing._repr_html_()).iter("tr")]


def words(thing):
    return "".join(tree(thing._repr_html_()).itertext())
