"""Polytopes ``{x : A @ x <= b}`` and what can be asked of one."""

from polytope_lens.polytope.polytope import Polytope

__all__ = ["Polytope"]
