"""Libraries that many questions do without, imported when something of them is first asked for.

scipy's parts take a tenth to a third of a second each, more than a small count. They are imported from here, all in one
way, and look like the modules that they stand for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any


class Deferred:
    """A module that is imported when it is first asked for something.

    Examples
    --------
    >>> text = Deferred("textwrap")
    >>> text.shorten("as late as possible", 15)
    'as late [...]'
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, found)  # the next time it is there
        return found


if TYPE_CHECKING:
    from scipy import optimize, sparse, spatial, special
    from scipy.sparse import csgraph
else:
    optimize = Deferred("scipy.optimize")
    sparse = Deferred("scipy.sparse")
    spatial = Deferred("scipy.spatial")
    special = Deferred("scipy.special")
    csgraph = Deferred("scipy.sparse.csgraph")

__all__ = ["Deferred", "csgraph", "optimize", "sparse", "spatial", "special"]
