"""The networks. They take and return tensors; only `load_published` reads a file."""

from quakesite.models.published import load_published

__all__ = ["load_published"]
