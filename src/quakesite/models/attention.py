"""Spectra of short frames, pooled by attention: the network says itself which part of the record to read."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from quakesite.models.spectra import BANDS, SPECTRA, SpectralFrames

FRAME_S = 5.12
WIDTH = 32
HEADS = 4


class AttentionEncoder(nn.Module):
    """Each frame's spectra through a small CNN along log frequency; frames averaged as attention weighs them.

    | layer | 60 s | 15 s |
    |---|---|---|
    | `frames`: spectra of frames of 5.12 s | (batch, 23, 3, 48) | (batch, 5, 3, 48) |
    | `convs.0`: conv 5, then ReLU; frames lie in the batch | (batch*23, 32, 48) | (batch*5, 32, 48) |
    | `convs.2`: mean-pool 2 | (batch*23, 32, 24) | (batch*5, 32, 24) |
    | `convs.3`: conv 5, then ReLU | (batch*23, 32, 24) | (batch*5, 32, 24) |
    | `convs.5`: mean-pool 4 | (batch*23, 32, 6) | (batch*5, 32, 6) |
    | `score`: of each frame by each head | (batch, 23, 4) | (batch, 5, 4) |
    | means weighted by softmax over the frames, one for each head | (batch, 768) | (batch, 768) |

    What a frame's score sees is its 192 features, the logarithm of its share of the energy, and, with 4
    channels, the part of it between P and S, which is also a fourth input of the convolutions. Attention
    pooling after Bahdanau et al. (2015); sizes are ours.

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S).
        rate_hz: sampling rate.
        normalise: spectra relative to the record's mean; else its size stays in them.
    """

    def __init__(self, channels: int, rate_hz: float, *, normalise: bool = True) -> None:
        super().__init__()
        self.frames = SpectralFrames(rate_hz, FRAME_S, relative=normalise)
        self.convs = nn.Sequential(
            nn.Conv1d(SPECTRA + channels - 3, WIDTH, 5, padding=2),
            nn.ReLU(),
            nn.AvgPool1d(2),
            nn.Conv1d(WIDTH, WIDTH, 5, padding=2),
            nn.ReLU(),
            nn.AvgPool1d(4),
        )
        width = WIDTH * (BANDS // 8)
        self.score = nn.Linear(width + 1 + channels - 3, HEADS)
        self.features = HEADS * width

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the features of each window: (batch, channels, samples) -> (batch, 768)."""
        spectra = self.frames(windows)
        batch, n = spectra.energy.shape
        images, told = spectra.frames, [(spectra.energy + 1e-6).log()]
        if spectra.marks is not None:
            told.append(spectra.marks)
            images = torch.cat([images, spectra.marks[:, :, None, None].expand(-1, -1, -1, BANDS)], dim=2)
        features = self.convs(images.flatten(0, 1)).reshape(batch, n, -1)
        scores = self.score(torch.cat([features, torch.stack(told, dim=2)], dim=2))
        pooled: Tensor = (scores.softmax(dim=1).transpose(1, 2) @ features).flatten(1)
        return pooled
