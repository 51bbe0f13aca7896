"""What needs lengths: balls, ellipsoids, extents, volumes, nearest points, points at random.

A module is named after what it finds, or after the method that it is.
"""
