"""Properties of networks on whole domains: exact answers without a list of every region.

`property` says what is asked, `vnnlib_reader` reads it from a file, `problem` writes it as the signs of more neurons
behind the outputs, `box_bounds` and `cells_in_target` look at boxes from outside and from inside, `property_check`
decides. `property_proof` writes why, as a tree of cells (`cell_bounds`, `touching_cells`) that others can check.
"""
