"""`python -m quakesite.annotate` is `quakesite annotate`."""

import sys

from quakesite.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "annotate")
    main()
