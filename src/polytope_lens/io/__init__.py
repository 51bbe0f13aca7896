"""Files: polytopes in the formats of other programs, one module each, and how files are written."""
