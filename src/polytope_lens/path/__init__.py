"""The regions on the way from one point to another.

`path` is the answer; `sweep` finds it for networks with dense layers, `sparse_sweep` for those with sparse ones.
"""
