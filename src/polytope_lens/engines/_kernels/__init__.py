"""Compiled loops: plain arrays in, plain arrays and codes out."""
