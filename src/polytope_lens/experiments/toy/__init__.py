"""A toy problem, from the image to the trained network; a module for each step, named after what it makes."""
