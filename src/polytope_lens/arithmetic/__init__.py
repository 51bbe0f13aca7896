"""Numbers: rational arithmetic, roots, sums of two floats, and bounds on the rounding of sums.

Nothing here knows of networks or polytopes. Modules are named after the kind of number.
"""
