"""Polytopes ``{x : A @ x <= b}`` and what can be asked of one.

`polytope` is the type; the other modules are named after what they find from its rows, those that need lengths in
`metric`. `batch` asks the same of many at once.
"""

from polytope_lens.polytope.polytope import Polytope

__all__ = ["Polytope"]
