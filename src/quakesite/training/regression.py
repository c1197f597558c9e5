"""A predictor in training, as Lightning runs it: steps, history, best weights."""

from __future__ import annotations

from typing import Any

import lightning as L
import numpy as np
import torch
from torch import Tensor

from quakesite.models.target import Predictor
from quakesite.training.augment import augmented
from quakesite.training.data import Labelled
from quakesite.training.presets import Fit
from quakesite.training.tally import Row, Tally

DECAY_EPOCHS, DECAY = 20, 0.9
MONITOR = "validation_loss"
KEPT = "quakesite"


class Regression(L.LightningModule):
    """Regression of a predictor on its target's loss; keeps the history, the best weights and the last ones.

    The best weights are those of the epoch with the lowest validation loss; of the last epoch where there
    is no validation, or where the settings say so.
    """

    def __init__(self, predictor: Predictor, fit: Fit, seed: int, key: str) -> None:
        super().__init__()
        self.predictor, self.fit_settings, self.seed, self.key = predictor, fit, seed, key
        self.history: list[Row] = []
        self.best_epoch = 0
        self.best: dict[str, Tensor] = {}
        self.last: dict[str, Tensor] = {}
        self._train, self._validation = Tally(), Tally()
        self._chance = torch.Generator()

    def _step(self, batch: Labelled, tally: Tally) -> Tensor:
        windows, labels, *rest = batch
        output = self.predictor.network(windows).float()
        weights = rest[0] if rest else None
        if len(rest) > 1:
            output, labels, weights = pooled(output, labels, rest[0], rest[1])
        target = self.predictor.target
        loss = target.loss(output, labels, weights)
        tally.add(loss, target.errors(target.decode(output.detach()), labels))
        return loss

    def training_step(self, batch: Labelled, batch_index: int) -> Tensor:
        """Returns the loss of one batch, to be minimised."""
        if batch_index == 0:
            self._begin_epoch()
        windows, labels = augmented(batch[0], batch[1], self.fit_settings.augment, self._chance)
        return self._step((windows, labels, *batch[2:]), self._train)

    def validation_step(self, batch: Labelled, batch_index: int) -> None:
        """Adds one batch to the validation's tally."""
        self._step(batch, self._validation)

    def _begin_epoch(self) -> None:
        """Starts new tallies, and makes this epoch's chances those of its number.

        Not Lightning's `on_train_epoch_start`: that is left out in the first epoch after a resumption.
        """
        rank = self.global_rank
        told_by = [self.seed, len(self.history), *([rank] if rank else [])]
        dropout, augmentation = np.random.SeedSequence(told_by).generate_state(2)
        torch.manual_seed(int(dropout))
        self._chance.manual_seed(int(augmentation))
        self._train, self._validation = Tally(), Tally()
        if self.fit_settings.encoder_rate == 0:
            self.predictor.network.encoder.eval()  # its running statistics stay, too

    def on_train_epoch_end(self) -> None:
        """Adds a row to the history, and keeps the weights if they are the best yet."""
        if self.trainer.world_size > 1:
            self._train = self._train.summed(self._over_processes)
        row = {
            "epoch": len(self.history) + 1,
            **self._train.means("train"),
            **self._validation.means("validation"),
        }
        loss = row[MONITOR]
        unjudged = not self.history or self._validation.n == 0 or self.fit_settings.keep == "last"
        if unjudged or loss < self.history[self.best_epoch - 1][MONITOR]:
            self.best_epoch = int(row["epoch"])
            self.best = self._weights()
        self.history.append(row)
        self.log(MONITOR, loss)
        if self.logger is not None:
            self.logger.log_metrics({name: row[name] for name in row if name != "epoch"}, len(self.history))

    def _over_processes(self, values: Tensor) -> Tensor:
        gathered = self.all_gather(values)
        assert isinstance(gathered, Tensor)
        return gathered.sum(dim=0)

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.predictor.state_dict().items()}

    def on_fit_end(self) -> None:
        """Keeps the last weights."""
        self.last = self._weights()

    def configure_optimizers(self) -> Any:
        """Returns Adam with its schedule; a transferred encoder learns at its own rate."""
        fit = self.fit_settings
        network = self.predictor.network
        encoder = {id(p) for p in network.encoder.parameters()} if fit.encoder_rate != 1.0 else set()
        groups = [
            {"params": [p for p in network.parameters() if id(p) not in encoder], "lr": fit.learning_rate},
            {
                "params": [p for p in network.parameters() if id(p) in encoder],
                "lr": fit.learning_rate * fit.encoder_rate,
            },
        ]
        optimiser = torch.optim.AdamW(groups, weight_decay=fit.weight_decay)
        schedule: torch.optim.lr_scheduler.LRScheduler
        if fit.schedule == "cosine":
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, fit.max_epochs)
        else:
            schedule = torch.optim.lr_scheduler.StepLR(optimiser, DECAY_EPOCHS, DECAY)
        return [optimiser], [schedule]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the history and the best weights to the checkpoint."""
        checkpoint[KEPT] = {
            "key": self.key,
            "history": self.history,
            "best_epoch": self.best_epoch,
            "best": self.best,
            "last": self._weights(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes the history, the best weights and the last ones from the checkpoint."""
        stored = checkpoint[KEPT]
        self.history, self.best_epoch = stored["history"], stored["best_epoch"]
        self.best, self.last = stored["best"], stored["last"]

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train: all epochs done, or too many without a better one."""
        epochs, fit = len(self.history), self.fit_settings
        tired = fit.patience is not None and epochs > 0 and epochs - self.best_epoch >= fit.patience
        return epochs >= fit.max_epochs or tired


def pooled(
    output: Tensor, labels: Tensor, weights: Tensor, stations: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the means over the windows of each station in a batch: outputs, labels and weights.

    Args:
        output: (batch,) or (batch, outputs).
        labels, weights: (batch,).
        stations: number of each window's station, (batch,).
    """
    names = stations.unique()  # type: ignore[no-untyped-call]
    place = torch.searchsorted(names, stations)
    counts = place.bincount()

    def mean(values: Tensor) -> Tensor:
        sums = values.new_zeros((len(counts), *values.shape[1:])).index_add(0, place, values)
        means: Tensor = sums / counts.to(values).reshape(-1, *[1] * (values.ndim - 1))
        return means

    return mean(output), mean(labels), mean(weights)
