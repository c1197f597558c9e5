"""One training, from first step to best weights, by Lightning.

The order of the windows and every other chance after the initial weights (dropout) are told by the seed and
the epoch. So a training that was killed and goes on from its checkpoint ends as if it had not been.
"""

from __future__ import annotations

import logging
import math
import pickle
import shutil
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from torch import Tensor

from quakesite.models.target import Predictor
from quakesite.progress import SECONDS_BETWEEN_LINES, say
from quakesite.training.data import Labelled, Part
from quakesite.training.presets import Fit
from quakesite.training.schema import HISTORY

DECAY_EPOCHS, DECAY = 20, 0.9
EVALUATION_BATCH = 64

MONITOR = "validation_loss"
CHECKPOINT = "last.ckpt"
KEPT = "quakesite"

Row = dict[str, float]


class Tally:
    """Sums of loss and errors over the batches of one pass."""

    def __init__(self) -> None:
        self.n = 0
        self.sums: Tensor | None = None

    def add(self, loss: Tensor, errors: tuple[Tensor, Tensor]) -> None:
        """Adds a batch: its mean loss, and the absolute errors and errors in per cent of its windows."""
        n = len(errors[0])
        batch = torch.stack(
            [loss.detach().double() * n, *(error.detach().double().sum() for error in errors)]
        )
        self.sums = batch if self.sums is None else self.sums + batch
        self.n += n

    def means(self, split: str) -> Row:
        """Returns the means over the windows as columns of `HISTORY`; NaN where there were none."""
        loss, absolute, percent = [math.nan] * 3 if self.sums is None else (self.sums / self.n).tolist()
        return {f"{split}_loss": loss, f"{split}_error_m_s": absolute, f"{split}_error_pct": percent}


class Regression(L.LightningModule):
    """Mean-square regression of a predictor; keeps the history and the best weights.

    The best weights are those of the epoch with the lowest validation loss (of the last epoch where there
    is no validation).
    """

    def __init__(self, predictor: Predictor, fit: Fit, seed: int, key: str) -> None:
        super().__init__()
        self.predictor, self.fit_settings, self.seed, self.key = predictor, fit, seed, key
        self.history: list[Row] = []
        self.best_epoch = 0
        self.best: dict[str, Tensor] = {}
        self._train, self._validation = Tally(), Tally()

    def _step(self, batch: Labelled, tally: Tally) -> Tensor:
        windows, labels, *weights = batch
        output = self.predictor.network(windows)
        target = self.predictor.target
        if weights:
            loss: Tensor = (weights[0] * (output - target.encode(labels)).square()).mean()
        else:
            loss = torch.nn.functional.mse_loss(output, target.encode(labels))
        tally.add(loss, target.errors(target.decode(output.detach()), labels))
        return loss

    def training_step(self, batch: Labelled, batch_index: int) -> Tensor:
        """Returns the loss of one batch, to be minimised."""
        if batch_index == 0:
            self._begin_epoch()
        return self._step(batch, self._train)

    def validation_step(self, batch: Labelled, batch_index: int) -> None:
        """Adds one batch to the validation's tally."""
        self._step(batch, self._validation)

    def _begin_epoch(self) -> None:
        """Starts new tallies, and makes this epoch's chances those of its number.

        Not Lightning's `on_train_epoch_start`: that is left out in the first epoch after a resumption.
        """
        torch.manual_seed(int(np.random.SeedSequence([self.seed, len(self.history)]).generate_state(1)[0]))
        self._train, self._validation = Tally(), Tally()

    def on_train_epoch_end(self) -> None:
        """Adds a row to the history, and keeps the weights if they are the best yet."""
        row = {
            "epoch": len(self.history) + 1,
            **self._train.means("train"),
            **self._validation.means("validation"),
        }
        loss = row[MONITOR]
        unjudged = not self.history or self._validation.n == 0
        if unjudged or loss < self.history[self.best_epoch - 1][MONITOR]:
            self.best_epoch = int(row["epoch"])
            self.best = {name: value.detach().clone() for name, value in self.predictor.state_dict().items()}
        self.history.append(row)
        self.log(MONITOR, loss)

    def configure_optimizers(self) -> Any:
        """Returns Adam with StepLR(20, 0.9); a transferred encoder learns at its own rate."""
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
        return [optimiser], [torch.optim.lr_scheduler.StepLR(optimiser, DECAY_EPOCHS, DECAY)]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the history and the best weights to the checkpoint."""
        checkpoint[KEPT] = {
            "key": self.key,
            "history": self.history,
            "best_epoch": self.best_epoch,
            "best": self.best,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes the history and the best weights from the checkpoint."""
        stored = checkpoint[KEPT]
        self.history, self.best_epoch, self.best = stored["history"], stored["best_epoch"], stored["best"]

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train: all epochs done, or too many without a better one."""
        epochs, fit = len(self.history), self.fit_settings
        return epochs >= fit.max_epochs or (epochs > 0 and epochs - self.best_epoch >= fit.patience)


class Progress(Callback):
    """Says now and then how far the training is."""

    def __init__(self, what: str) -> None:
        self.what, self.last = what, time.monotonic()

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Says a line where the last one is long ago."""
        if not isinstance(pl_module, Regression) or not pl_module.history:
            return  # the first epoch ends here before the module has written its row
        if time.monotonic() - self.last >= SECONDS_BETWEEN_LINES:
            self.last = time.monotonic()
            fit, row = pl_module.fit_settings, pl_module.history[-1]
            say(
                f"{self.what}: epoch {len(pl_module.history)} of at most {fit.max_epochs}, "
                f"error {row['train_error_pct']:.1f} % in training, "
                f"{row['validation_error_pct']:.1f} % in validation"
            )


def fit_predictor(
    predictor: Predictor,
    train: Part,
    validation: Part | None,
    fit: Fit,
    *,
    seed: int,
    what: str,
    checkpoints: Path,
    key: str,
) -> Regression:
    """Trains `predictor`, gives it its best weights, and returns the training with its history.

    Args:
        predictor: network and target; on the CPU, in evaluation mode, when this returns.
        train: windows to learn from; at least one.
        validation: windows to select the weights by; None or empty: the last epoch's weights.
        fit: how to train.
        seed: seed of the order of the windows and of dropout.
        what: the training's name in progress lines.
        checkpoints: folder of the checkpoint of the last epoch. One that is there with the same `key` is
            where the training goes on. The caller removes the folder once the results are safe.
        key: names what is trained: data, settings and seed.
    """
    _quieten()
    torch.set_num_threads(1)
    training = Regression(predictor, fit, seed, key)
    resumed = _resume(training, checkpoints / CHECKPOINT)
    if not training.finished:
        judged = validation is not None and len(validation) > 0
        trainer = L.Trainer(
            accelerator=_accelerator(fit.accelerator),
            devices=1,
            max_epochs=fit.max_epochs,
            deterministic=True,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            plugins=[LightningEnvironment()],
            callbacks=[Progress(what), _checkpoint(checkpoints), *([_stopping(fit)] if judged else [])],
        )
        trainer.fit(
            training,
            train.loader(fit.batch_size, seed=seed, balanced=fit.balanced),
            validation.loader(EVALUATION_BATCH) if validation is not None and judged else None,
            ckpt_path=checkpoints / CHECKPOINT if resumed else None,
            weights_only=True,
        )
    predictor.cpu().load_state_dict(training.best)
    predictor.eval()
    return training


def _accelerator(wanted: str) -> str:
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wanted


def _checkpoint(folder: Path) -> ModelCheckpoint:
    return ModelCheckpoint(
        folder,
        filename=CHECKPOINT.removesuffix(".ckpt"),
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )


def _stopping(fit: Fit) -> EarlyStopping:
    return EarlyStopping(MONITOR, patience=fit.patience, min_delta=0.0, check_on_train_epoch_end=True)


def _resume(training: Regression, path: Path) -> bool:
    """Gives `training` what the checkpoint at `path` kept, if it is a whole one of the same training."""
    if not path.exists():
        return False
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        say(f"{path} cannot be read ({str(error).splitlines()[0]}): training starts again")
        shutil.rmtree(path.parent)
        return False
    if checkpoint.get(KEPT, {}).get("key") != training.key:
        shutil.rmtree(path.parent)
        return False
    training.on_load_checkpoint(checkpoint)
    return True


def _quieten() -> None:
    """Keeps Lightning's advice about terminals, workers and loggers out of the log."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")


def predict(predictor: Predictor, part: Part) -> Tensor:
    """Returns the predictions for the windows of `part`, in the labels' unit, in its order."""
    torch.set_num_threads(1)
    with torch.no_grad():
        batches = [predictor(batch[0]) for batch in part.loader(EVALUATION_BATCH)]
    return torch.cat(batches) if batches else torch.empty(0)


def history_columns(history: list[Row]) -> Mapping[str, list[float]]:
    """Returns the history as columns of `HISTORY`."""
    return {name: [row[name] for row in history] for name in HISTORY.names}
