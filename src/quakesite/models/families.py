"""All networks by name. Adding one: a file with its encoder, and a line in `FAMILIES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from torch import nn

from quakesite.models.attention import AttentionEncoder
from quakesite.models.cnn_lstm import FEATURES, CnnLstm, SequenceEncoder
from quakesite.models.network import Input, Network, Regressor
from quakesite.models.peak_spectra import PeakEncoder
from quakesite.models.resnet import ResNetEncoder, ResNetStftEncoder
from quakesite.models.site_net import SiteEncoder
from quakesite.models.tcn import TcnEncoder, TcnStftEncoder

Encoder = Callable[[Input, bool], tuple[nn.Module, int]]
"""Makes an encoder for windows, that normalises them or not, and tells how many features it gives."""


class Build(Protocol):
    """Makes a whole network for windows."""

    def __call__(self, windows: Input, outputs: int, dropout: float, normalise: bool) -> Network:
        """Returns the network."""


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of network.

    Attributes:
        encode: makes the encoder alone.
        build: makes the network, its encoder first.
        dropout: part of the features dropped in training where nothing else is asked for.
        normalised: whether records are read relative to their size where nothing else is asked for.
    """

    encode: Encoder
    build: Build
    dropout: float
    normalised: bool

    def network(
        self,
        windows: Input,
        outputs: int = 1,
        *,
        dropout: float | None = None,
        normalise: bool | None = None,
    ) -> Network:
        """Returns the untrained network; its initial weights are torch's next random numbers.

        Args:
            windows: what goes in.
            outputs: how many numbers come out (`Target.outputs`).
            dropout: part of the features dropped in training; None: the family's.
            normalise: read records relative to their size (True) or in cm/s^2 (False); None: the family's.

        Raises:
            ValueError: the windows or segments are too short for it.
        """
        return self.build(
            windows,
            outputs,
            self.dropout if dropout is None else dropout,
            self.normalised if normalise is None else normalise,
        )

    def encoder(self, windows: Input, *, normalise: bool | None = None) -> tuple[nn.Module, int]:
        """Returns the encoder alone, and how many features it gives for one window.

        Its state dict fits the `encoder` of `network` for the same windows.

        Args:
            windows: what goes in.
            normalise: as in `network`.
        """
        return self.encode(windows, self.normalised if normalise is None else normalise)


def headed(encode: Encoder, *, hidden: int, dropout: float) -> Family:
    """Returns the family of an encoder followed by two fully connected layers; normalised.

    The output's bias starts at 0: where the target's scale has its middle.

    Args:
        encode: makes the encoder, and tells how many features it gives for one window.
        hidden: width of the layer between.
        dropout: part of the features dropped in training where nothing else is asked for.
    """

    def build(windows: Input, outputs: int, dropout: float, normalise: bool) -> Network:
        encoder, features = encode(windows, normalise)
        network = Regressor(encoder, features, outputs, hidden=hidden, dropout=dropout)
        nn.init.zeros_(network.out.bias)
        return network

    return Family(encode, build, dropout, normalised=True)


def _sequence(windows: Input, normalise: bool) -> tuple[nn.Module, int]:
    encoder = SequenceEncoder(windows.channels, windows.segment_samples, normalise=normalise)
    return encoder, encoder.steps(windows.samples) * FEATURES


def _whole_window(windows: Input, normalise: bool) -> tuple[nn.Module, int]:
    encoder = SequenceEncoder(windows.channels, windows.samples, normalise=normalise)
    return encoder, encoder.steps(windows.samples) * FEATURES


def _site(windows: Input, normalise: bool) -> tuple[nn.Module, int]:
    encoder = SiteEncoder(windows.channels, windows.rate_hz, normalise=normalise)
    return encoder, encoder.features


def _peak(windows: Input, normalise: bool) -> tuple[nn.Module, int]:
    encoder = PeakEncoder(windows.channels, windows.samples, windows.rate_hz, normalise=normalise)
    return encoder, encoder.features


def _resnet(windows: Input, normalise: bool) -> tuple[nn.Module, int]:
    encoder = ResNetEncoder(windows.channels, normalise=normalise)
    return encoder, encoder.features


def _resnet_stft(windows: Input, normalise: bool) -> tuple[nn.Module, int]:
    encoder = ResNetStftEncoder(windows.channels, windows.rate_hz, normalise=normalise)
    return encoder, encoder.features


def _tcn(windows: Input, normalise: bool) -> tuple[nn.Module, int]:
    encoder = TcnEncoder(windows.channels, normalise=normalise)
    return encoder, encoder.features


def _tcn_stft(windows: Input, normalise: bool) -> tuple[nn.Module, int]:
    encoder = TcnStftEncoder(windows.channels, windows.rate_hz, normalise=normalise)
    return encoder, encoder.features


def _attention(windows: Input, normalise: bool) -> tuple[nn.Module, int]:
    encoder = AttentionEncoder(windows.channels, windows.rate_hz, normalise=normalise)
    return encoder, encoder.features


def _cnn_lstm(*, rectified: bool) -> Family:
    def build(windows: Input, outputs: int, dropout: float, normalise: bool) -> Network:
        return CnnLstm(
            windows.channels,
            windows.segment_samples,
            outputs=outputs,
            dropout=dropout,
            normalise=normalise,
            rectified=rectified and outputs == 1,
        )

    return Family(_sequence, build, dropout=0.0, normalised=False)


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "cnn_lstm": _cnn_lstm(rectified=True),
        "cnn_lstm_linear": _cnn_lstm(rectified=False),
        "spectral": headed(_site, hidden=64, dropout=0.3),
        "peak_spectra": headed(_peak, hidden=64, dropout=0.3),
        "attention": headed(_attention, hidden=64, dropout=0.3),
        "cnn": headed(_whole_window, hidden=256, dropout=0.1),
        "resnet": headed(_resnet, hidden=256, dropout=0.1),
        "tcn": headed(_tcn, hidden=64, dropout=0.1),
        "resnet_stft": headed(_resnet_stft, hidden=256, dropout=0.1),
        "tcn_stft": headed(_tcn_stft, hidden=64, dropout=0.1),
    }
)
"""All networks by name. `cnn_lstm` is the published one; `cnn_lstm_linear` is the same without the LeakyReLU
at its end, for targets that are not positive numbers."""
