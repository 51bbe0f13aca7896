"""What is proved of a network on a whole set of inputs at once: affine functions above and below its values.

Modules are named after what they make: the lines around an activation (`relaxation`), and the rows that come of them
(`linear_bounds`).
"""
