"""Ways into the canonical form: one module per kind of model or file, each importing its own optional dependency."""
