"""Many small polytopes at once, in compiled floats with error bounds: each row or polytope is decided or left open.

A module is named after what it decides, or after the method that it is.
"""
