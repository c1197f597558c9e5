"""quakesite: from strong-motion records to site knowledge.

The package mirrors the workflow: one sub-package per stage, in the order of the corridor
(`records`, `stations`, `picks`, `windows`, `training`, `evaluation`, `figures`), with the
networks in `models` and the synthetic archive in `demo` beside them.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("quakesite")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0+checkout"
