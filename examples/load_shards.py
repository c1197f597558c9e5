"""Windows and their Vs30 as a PyTorch data loader: python examples/load_shards.py RESULTS"""

import sys
from pathlib import Path

import pyarrow.parquet as pq

from quakesite.windows.dataset import WindowDataset, loader

results = Path(sys.argv[1])
stations = pq.read_table(results / "stations/stations.parquet", columns=["station", "vs30_m_s"]).to_pylist()
labels = {row["station"]: row["vs30_m_s"] for row in stations if row["vs30_m_s"] is not None}

dataset = WindowDataset(sorted((results / "windows/pga60/auto").glob("*.parquet")), labels, channels=3)
batches = dataset.batches(64, seed=0, balanced=True)  # every station the same share of an epoch
for tensors, vs30, _ in loader(dataset, batches, workers=0):
    print(tuple(tensors.shape), "E, N, Z in cm/s^2;", f"Vs30 {vs30.min():.0f} to {vs30.max():.0f} m/s")
