"""The two ways to train: the authors' choices, and ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from quakesite.models.cnn_lstm import FEATURES, CnnLstm, SequenceEncoder
from quakesite.models.network import Network
from quakesite.models.site_net import SiteEncoder, SiteNet
from quakesite.models.target import LogVs30, MetresPerSecond, Target
from quakesite.training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Input:
    """What a window is: channels (3 or 4), samples, rate in Hz, and the length of a segment in samples."""

    channels: int
    samples: int
    rate_hz: float
    segment_samples: int


@dataclass(frozen=True, slots=True)
class Preset:
    """One way to train.

    Attributes:
        network: makes the network for windows of an `Input`.
        encoder: makes that encoder alone, with the number of features it gives for one window.
        target: makes what is learned, from the training labels in m/s.
        batch_size: windows in a step.
        learning_rate: Adam's, at the start; multiplied by 0.9 every 20 epochs.
        weight_decay: of AdamW.
        balanced: every station has the same share of an epoch.
        label_weights: what a label counts for, see the settings.
    """

    network: Callable[[Input], Network]
    encoder: Callable[[Input], tuple[nn.Module, int]]
    target: Callable[[Tensor | None], Target]
    batch_size: int
    learning_rate: float
    weight_decay: float
    balanced: bool
    label_weights: Literal["none", "inverse_variance"]


def _paper_encoder(windows: Input) -> tuple[nn.Module, int]:
    encoder = SequenceEncoder(windows.channels, windows.segment_samples)
    return encoder, encoder.steps(windows.samples) * FEATURES


def _site_encoder(windows: Input) -> tuple[nn.Module, int]:
    encoder = SiteEncoder(windows.channels, windows.rate_hz)
    return encoder, encoder.features


PRESETS = {
    "paper": Preset(
        network=lambda windows: CnnLstm(windows.channels, windows.segment_samples),
        encoder=_paper_encoder,
        target=lambda labels: MetresPerSecond(),
        batch_size=64,
        learning_rate=1e-3,
        weight_decay=0.0,
        balanced=False,
        label_weights="none",
    ),
    "quakesite": Preset(
        network=lambda windows: SiteNet(windows.channels, windows.rate_hz),
        encoder=_site_encoder,
        target=LogVs30,
        batch_size=64,
        learning_rate=3e-3,
        weight_decay=1e-2,
        balanced=True,
        label_weights="inverse_variance",
    ),
}


@dataclass(frozen=True, slots=True)
class Fit:
    """How one training runs: the preset's values, and where the settings say otherwise theirs."""

    batch_size: int
    learning_rate: float
    encoder_rate: float
    weight_decay: float
    balanced: bool
    max_epochs: int
    patience: int
    accelerator: str


def fit_of(settings: TrainingSettings) -> Fit:
    """Returns how a training with `settings` runs."""
    preset = PRESETS[settings.preset]
    return Fit(
        batch_size=settings.batch_size or preset.batch_size,
        learning_rate=settings.learning_rate or preset.learning_rate,
        encoder_rate=settings.encoder_rate,
        weight_decay=preset.weight_decay,
        balanced=preset.balanced,
        max_epochs=settings.max_epochs,
        patience=settings.patience,
        accelerator=settings.accelerator,
    )
