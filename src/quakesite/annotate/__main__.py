"""`python -m quakesite.annotate` is `quakesite annotate`."""

import sys

from quakesite.annotate.command import app
from quakesite.errors import InputError

if __name__ == "__main__":
    try:
        app()
    except InputError as error:
        sys.stderr.write(f"quakesite: {error}\n")
        sys.exit(1)
