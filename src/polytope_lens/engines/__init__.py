"""Ways to find every region of a domain. All find the same ones.

`enumerate` is the question. Each engine is a module of its name, with its compiled loops under the same name in
`_kernels`; the other modules are named after the part of the work that engines share.
"""
