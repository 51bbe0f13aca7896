"""Questions about training, answered with numbers: a module for each, from data to a small result."""
