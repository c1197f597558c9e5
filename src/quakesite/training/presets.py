"""The two ways to train, the authors' choices and ours, and what the settings change of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from torch import Tensor, nn

from quakesite.models.network import Input
from quakesite.models.own import family_of, use
from quakesite.models.target import TARGETS, Predictor
from quakesite.own_file import is_own
from quakesite.training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Preset:
    """One way to train.

    Attributes:
        network: the family of networks, a key of `FAMILIES`.
        target: what is learned, a key of `TARGETS`.
        batch_size: windows in a step.
        learning_rate: Adam's, at the start.
        weight_decay: of AdamW.
        balanced: every station has the same share of an epoch.
        label_weights: what a label counts for, see the settings.
        augment: what is changed in the training windows, see `augment`.
        pool_records: windows of a station whose outputs are averaged.
        schedule: how the learning rate falls.
        keep: which epoch's weights predict.
        patience: epochs without a better validation loss after which training stops; None: it never does.
    """

    network: str
    target: str
    batch_size: int
    learning_rate: float
    weight_decay: float
    balanced: bool
    label_weights: Literal["none", "inverse_variance"]
    augment: tuple[str, ...] = ()
    pool_records: int = 1
    schedule: Literal["step", "cosine"] = "step"
    keep: Literal["best", "last"] = "best"
    patience: int | None = None


PRESETS = {
    "paper": Preset(
        network="cnn_lstm",
        target="m_s",
        batch_size=64,
        learning_rate=1e-3,
        weight_decay=0.0,
        balanced=False,
        label_weights="none",
        patience=20,
    ),
    "quakesite": Preset(
        network="spectral",
        target="percent",
        batch_size=64,
        learning_rate=3e-3,
        weight_decay=1e-2,
        balanced=True,
        label_weights="inverse_variance",
        schedule="cosine",
    ),
}


@dataclass(frozen=True, slots=True)
class Model:
    """Which network says what: with the `Input` all that is needed to build it again.

    Attributes:
        network: a key of `FAMILIES`.
        target: a key of `TARGETS`.
        dropout: part of the features dropped in training; None: the family's own.
        normalise: whether each record is normalised first; None: the family's own way.
    """

    network: str
    target: str
    dropout: float | None = None
    normalise: bool | None = None

    @classmethod
    def from_header(cls, about: dict[str, Any]) -> Model:
        """Returns the model that a header of weights tells of; of older ones, the preset's."""
        if "model" in about:
            return cls(**about["model"])
        return cls(PRESETS[about["preset"]].network, PRESETS[about["preset"]].target)

    def predictor(self, windows: Input, labels: Tensor | None) -> Predictor:
        """Returns the untrained network for windows of an `Input`, with its target.

        Args:
            windows: what goes in.
            labels: Vs30 in m/s of the training windows, from which the target takes its scale; None to
                leave that to a state dict.
        """
        target = TARGETS[self.target](labels)
        network = family_of(self.network).network(
            windows, target.outputs, dropout=self.dropout, normalise=self.normalise
        )
        return Predictor(network, target)

    def encoder(self, windows: Input) -> tuple[nn.Module, int]:
        """Returns the network's encoder alone, with the number of features it gives for one window."""
        return family_of(self.network).encoder(windows, normalise=self.normalise)


def model_of(settings: TrainingSettings) -> Model:
    """Returns the model that `settings` asks for.

    The published network cannot say much below zero; where nobody asks for it by name, a target that is
    not in m/s gets its linear twin.
    """
    preset = PRESETS[settings.preset]
    target = settings.target or preset.target
    network = preset.network
    if network == "cnn_lstm" and target != "m_s":
        network = "cnn_lstm_linear"
    network = settings.network or network
    return Model(use(network) if is_own(network) else network, target, settings.dropout, settings.normalise)


@dataclass(frozen=True, slots=True)
class Fit:
    """How one training runs: the preset's values, and where the settings say otherwise theirs."""

    batch_size: int
    learning_rate: float
    encoder_rate: float
    weight_decay: float
    balanced: bool
    augment: tuple[str, ...]
    pool_records: int
    schedule: str
    keep: str
    max_epochs: int
    patience: int | None
    accelerator: str
    devices: int | str
    precision: int | str
    requeue: bool
    logger: str


def fit_of(settings: TrainingSettings) -> Fit:
    """Returns how a training with `settings` runs."""
    preset = PRESETS[settings.preset]

    def chosen(name: str) -> Any:
        value = getattr(settings, name)
        return getattr(preset, name) if value is None else value

    return Fit(
        batch_size=chosen("batch_size"),
        learning_rate=chosen("learning_rate"),
        encoder_rate=settings.encoder_rate,
        weight_decay=chosen("weight_decay"),
        balanced=chosen("balanced"),
        augment=tuple(chosen("augment")),
        pool_records=chosen("pool_records"),
        schedule=chosen("schedule"),
        keep=chosen("keep"),
        max_epochs=settings.max_epochs,
        patience=_patience(settings),
        accelerator=settings.accelerator,
        devices=settings.devices,
        precision=settings.precision,
        requeue=settings.requeue,
        logger=settings.logger,
    )


def _patience(settings: TrainingSettings) -> int | None:
    """Returns after how many epochs without a better one training stops; None: it never does.

    A cosine is not cut short unless somebody asks for it: its best epochs are its last.
    """
    if settings.patience is not None:
        return settings.patience
    preset = PRESETS[settings.preset]
    return None if (settings.schedule or preset.schedule) == "cosine" else preset.patience


def resolved(settings: TrainingSettings) -> dict[str, Any]:
    """Returns everything a training with `settings` does, the preset's values filled in, as plain values."""
    values = settings.model_dump(mode="json") | asdict(model_of(settings)) | asdict(fit_of(settings))
    values["augment"] = list(values["augment"])
    values["label_weights"] = settings.label_weights or PRESETS[settings.preset].label_weights
    return values
