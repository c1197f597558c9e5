"""Variants that would pretrain the same encoder start from one."""

from __future__ import annotations

from pathlib import Path

from workflow_checkout import Checkout, copy_checkout


def test_an_encoder_is_pretrained_once_for_all_variants_that_want_the_same(
    root: Path, tmp_path: Path
) -> None:
    variants = [
        {"name": "frozen", "encoder_rate": 0},
        {"name": "faster", "learning_rate": 0.01},
        {"name": "faster_pooled", "learning_rate": 0.01, "pool_records": 4},
    ]
    for component in "ENU":
        (tmp_path / f"20200101000000_0101_mp_Acc_{component}.asc").touch()
    config = {
        "archive": [str(tmp_path)],
        "n_shards": 2,
        "training": {"experiments": ["gamma_ps_auto"], "trials": 2, "variants": variants},
    }
    jobs = Checkout(copy_checkout(root, tmp_path / "quakesite"), config).planned("results/selection.csv")
    of_variants = [wildcards for rule, wildcards in jobs if rule == "pretrain_variant"]
    assert len([rule for rule, _ in jobs if rule == "pretrain"]) == 2
    assert [(one["variant"], one["trial"]) for one in of_variants] == [("faster", "1"), ("faster", "2")]
    assert len([rule for rule, _ in jobs if rule in ("train", "train_variant")]) == 8
