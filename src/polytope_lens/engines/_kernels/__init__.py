"""Compiled loops: plain arrays in, plain arrays and codes out.

Those of an engine bear its name; the others are named after what they keep or decide.
"""
