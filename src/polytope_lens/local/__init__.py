"""A point and its surroundings: robustness, complexity, attribution.

`robustness`, `complexity`, `attribution` and `crossings` are questions; the others are what robustness is made of.
"""
