"""``python -m polytope_lens`` is the command line."""

from polytope_lens.cli import program

if __name__ == "__main__":
    program()
