"""Questions about training, answered with numbers: one module each, a function from data to a small result."""
