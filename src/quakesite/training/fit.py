"""One training, from first step to best weights, by Lightning.

The order of the windows and every other chance after the initial weights (dropout, augmentation) are told by
the seed and the epoch. So a training that was killed and goes on from its checkpoint ends as if it had not
been.
"""

from __future__ import annotations

import logging
import pickle
import shutil
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor

from quakesite.errors import InputError
from quakesite.models.target import Predictor
from quakesite.progress import SECONDS_BETWEEN_LINES, say
from quakesite.training.data import Part
from quakesite.training.presets import Fit
from quakesite.training.regression import KEPT, MONITOR, Regression
from quakesite.training.schema import HISTORY
from quakesite.training.tally import Row

EVALUATION_BATCH = 64
CHECKPOINT = "last.ckpt"
REQUEUED = "hpc_ckpt_*.ckpt"
TENSORBOARD = "tensorboard"


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

    Where several processes train together, all of them return; only the one of `global_rank` 0 may write.

    Args:
        predictor: network and target; on the CPU, in evaluation mode, when this returns.
        train: windows to learn from; at least one.
        validation: windows to select the weights by; None or empty: the last epoch's weights.
        fit: how to train.
        seed: seed of the order of the windows, of augmentation and of dropout.
        what: the training's name in progress lines.
        checkpoints: folder of the checkpoint of the last epoch. One that is there with the same `key` is
            where the training goes on. The caller removes the folder once the results are safe.
        key: names what is trained: data, settings and seed.

    Raises:
        InputError: what the settings ask for is not to be had on this machine.
    """
    _quieten()
    torch.set_num_threads(1)
    train.pooled = fit.pool_records > 1
    training = Regression(predictor, fit, seed, key)
    resumed = _resume(training, checkpoints / CHECKPOINT)
    if not training.finished:
        judged = validation is not None and len(validation) > 0
        callbacks = [
            Progress(what),
            _checkpoint(checkpoints),
            *([_stopping(fit.patience)] if judged and fit.patience and fit.keep == "best" else []),
        ]
        trainer = L.Trainer(
            **trainer_settings(fit),
            callbacks=callbacks,
            default_root_dir=checkpoints,
            logger=_logger(fit, checkpoints.parent, fresh=not resumed),
        )
        trainer.fit(
            training,
            train.loader(
                fit.batch_size,
                seed=seed,
                balanced=fit.balanced,
                run=fit.pool_records,
                place=lambda: (trainer.global_rank, trainer.world_size),
            ),
            validation.loader(EVALUATION_BATCH) if validation is not None and judged else None,
            ckpt_path=checkpoints / CHECKPOINT if resumed else None,
            weights_only=True,
        )
    predictor.cpu().load_state_dict(training.best)
    predictor.eval()
    return training


def trainer_settings(fit: Fit) -> dict[str, Any]:
    """Returns what Lightning's trainer is told of `fit`.

    Slurm is not asked how many processes there are: one job is one training, on one device unless the
    settings say more, and Lightning starts the others itself.

    Raises:
        InputError: a precision that the device does not have.
    """
    accelerator = fit.accelerator
    if accelerator == "auto":
        accelerator = "cuda" if torch.cuda.is_available() else "cpu"
    if fit.precision == "16-mixed" and accelerator == "cpu":
        raise InputError("training.precision", "16-mixed", expected="32 or bf16-mixed on a CPU")
    devices = fit.devices
    if devices == "auto":
        devices = torch.cuda.device_count() if accelerator == "cuda" else 1
    return {
        "accelerator": accelerator,
        "devices": devices,
        "strategy": "ddp" if int(devices) > 1 else "auto",
        "precision": fit.precision,
        "max_epochs": fit.max_epochs,
        "deterministic": True,
        "use_distributed_sampler": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "plugins": [SLURMEnvironment(auto_requeue=True) if fit.requeue else LightningEnvironment()],
    }


def _logger(fit: Fit, folder: Path, *, fresh: bool) -> Any:
    """Returns Lightning's logger, or False; the history is a table of its own either way."""
    if fit.logger != "tensorboard":
        return False
    if fresh:
        shutil.rmtree(folder / TENSORBOARD, ignore_errors=True)
    try:
        return TensorBoardLogger(folder, name=TENSORBOARD, version="")
    except ModuleNotFoundError as error:
        raise InputError(
            "training.logger", f"{TENSORBOARD} is not installed", action=f"pip install {TENSORBOARD}"
        ) from error


def _checkpoint(folder: Path) -> ModelCheckpoint:
    return ModelCheckpoint(
        folder,
        filename=CHECKPOINT.removesuffix(".ckpt"),
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )


def _stopping(patience: int) -> EarlyStopping:
    return EarlyStopping(MONITOR, patience=patience, min_delta=0.0, check_on_train_epoch_end=True)


def _resume(training: Regression, path: Path) -> bool:
    """Gives `training` what the checkpoint at `path` kept, if it is a whole one of the same training.

    What Lightning saves in the middle of an epoch, when Slurm takes the node away, is thrown away: an epoch
    is trained as a whole, so that its chances are those of its number.
    """
    for halfway in path.parent.glob(REQUEUED):
        halfway.unlink(missing_ok=True)
    if not path.exists():
        return False
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        say(f"{path} cannot be read ({why}): training starts again")
        shutil.rmtree(path.parent, ignore_errors=True)
        return False
    if checkpoint.get(KEPT, {}).get("key") != training.key:
        shutil.rmtree(path.parent, ignore_errors=True)
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
    return predict_with_interval(predictor, part)[0]


def predict_with_interval(predictor: Predictor, part: Part) -> tuple[Tensor, Tensor]:
    """Returns predictions (n,) and their 5 % and 95 % points (n, 2), NaN where the target learns none."""
    torch.set_num_threads(1)
    batches = [torch.empty(0, 3)]
    with torch.no_grad():
        for batch in part.loader(EVALUATION_BATCH):
            predicted, interval = predictor.with_interval(batch[0])
            low, high = interval or (torch.full_like(predicted, torch.nan),) * 2
            batches.append(torch.stack([predicted, low, high], dim=1))
    together = torch.cat(batches)
    return together[:, 0], together[:, 1:]


def history_columns(history: list[Row]) -> Mapping[str, list[float]]:
    """Returns the history as columns of `HISTORY`."""
    return {name: [row[name] for row in history] for name in HISTORY.names}
