"""The network of the `quakesite` preset: spectra of the three components, read from a normalised record."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from quakesite.models.along_frequency import POOLED, WIDTH, convolutions
from quakesite.models.band_scale import BandScale
from quakesite.models.network import Regressor
from quakesite.models.spectra import BANDS, SPECTRA, SpectralFrames

DROPOUT = 0.3


class SiteEncoder(nn.Module):
    """A record's spectra, averaged over its frames, through a small CNN along log frequency.

    | layer | 60 s, 4 channels | 15 s, 4 channels |
    |---|---|---|
    | `frames`: spectra of frames of 10.24 s | (batch, 11, 3, 48) | (batch, 2, 3, 48) |
    | mean over frames, plain and weighted by energy; between P and S | (batch, 9, 48) | (batch, 9, 48) |
    | `scale`: relative to those of the training windows | (batch, 9, 48) | (batch, 9, 48) |
    | `convs.0`: conv 5, then ReLU | (batch, 32, 48) | (batch, 32, 48) |
    | `convs.2`: mean-pool 2 | (batch, 32, 24) | (batch, 32, 24) |
    | `convs.3`: conv 5, then ReLU | (batch, 32, 24) | (batch, 32, 24) |
    | `convs.5`: mean-pool 2; flattened | (batch, 32, 12) | (batch, 32, 12) |

    Without P/S (3 channels) the first convolution has 6 input channels instead of 9.

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S: the spectra between P and S as well).
        rate_hz: sampling rate.
        normalise: spectra relative to the record's mean; else its size stays in them.
    """

    def __init__(self, channels: int, rate_hz: float, *, normalise: bool = True) -> None:
        super().__init__()
        self.frames = SpectralFrames(rate_hz, relative=normalise)
        self.scale = BandScale(SPECTRA * (channels - 1), BANDS)
        self.convs = convolutions(SPECTRA * (channels - 1))
        self.features = WIDTH * (BANDS // POOLED)

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the features of each window: (batch, channels, samples) -> (batch, 384)."""
        spectra = self.frames(windows)
        means = [spectra.frames.mean(dim=1), (spectra.frames * spectra.energy[..., None, None]).sum(dim=1)]
        if spectra.between is not None:
            means.append(spectra.between)
        out: Tensor = self.convs(self.scale(torch.cat(means, dim=1))).flatten(1)
        return out


class SiteNet(Regressor):
    """(batch, channels, samples) in cm/s^2 -> standardised ln Vs30, (batch,), or (batch, outputs).

    | layer | 60 s | 15 s |
    |---|---|---|
    | `encoder`: `SiteEncoder` | (batch, 384) | (batch, 384) |
    | `hidden`: fully connected, then ReLU | (batch, 64) | (batch, 64) |
    | `out`: fully connected | (batch, 1) | (batch, 1) |

    A part of the features and of the hidden layer (0.3) is dropped in training: stations are few.
    """

    def __init__(
        self,
        channels: int,
        rate_hz: float,
        outputs: int = 1,
        *,
        dropout: float = DROPOUT,
        normalise: bool = True,
    ) -> None:
        encoder = SiteEncoder(channels, rate_hz, normalise=normalise)
        super().__init__(encoder, encoder.features, outputs, dropout=dropout)
