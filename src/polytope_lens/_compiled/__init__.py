"""Compiled code: how kernels are compiled and kept on disk, and what all of them share.

Modules are named after what they work on: `bits` of a word, octets of floats (`simd`).
"""
