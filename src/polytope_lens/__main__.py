"""``python -m polytope_lens`` is the command line."""

import sys

from polytope_lens.cli import main

if __name__ == "__main__":
    sys.exit(main())
