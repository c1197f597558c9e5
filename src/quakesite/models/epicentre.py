"""Pretraining: an encoder learns from epicentres, which are known for every record."""

from __future__ import annotations

from torch import nn

from quakesite.models.network import Regressor


class EpicentreNet(Regressor):
    """An encoder and a small head that locates the epicentre: (batch, channels, samples) -> (batch, 2).

    The outputs are the standardised offsets of the epicentre to the east and north. The encoder is the one
    to transfer; the head (all its features -> 64 -> 2) is thrown away. As in the non-sequential networks of
    Yilmaz et al. 2024 (arXiv 2408.14962), whose encoder the paper transfers, nothing but the head looks
    across time.

    Args:
        encoder: (batch, channels, samples) -> (batch, ...), `features` numbers for each window.
        features: how many numbers the encoder gives for one window.
    """

    def __init__(self, encoder: nn.Module, features: int) -> None:
        super().__init__(encoder, features, outputs=2)
