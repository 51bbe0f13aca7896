"""Where a network comes from and goes to: the inputs whose outputs lie in a target, the outputs of a domain.

A module is named after what it finds; `target` says what is looked for, and puts it behind a network as neurons.
"""
