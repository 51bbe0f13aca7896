"""What a network is, proved: floats with error bounds first, rational numbers where those cannot tell.

Modules are named after what they compute - rows, values, signs - with the way in front: `bounded`, `sliced`, `sparse`.
"""
