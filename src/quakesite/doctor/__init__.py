"""Looks at all that a run needs before it starts: `quakesite doctor`."""
