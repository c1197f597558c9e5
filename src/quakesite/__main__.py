"""`python -m quakesite` is the `quakesite` command."""

from quakesite.cli import main

if __name__ == "__main__":
    main()
