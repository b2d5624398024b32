#!/usr/bin/env python3
"""One run of VGICP odometry with small_gicp (PyPI `small_gicp`) on a scan folder; see runSmallGicp in lib/run.mjs.

Scan to model: each scan is thinned to 0.25 m, aligned with a map of Gaussian voxels of 1 m from a prediction of
constant velocity, and added to the map. No deskewing. Timed are these steps; reading the file and converting it to
float64 are not.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import small_gicp

VOXEL = 1.0  # metres
THINNING = 0.25  # metres

request = json.loads(sys.argv[1])
folder = Path(request["folder"])
index = json.loads((folder / "index.json").read_text())
count = min(request.get("scans") or len(index["stamps"]), len(index["stamps"]))
threads = int(request.get("threads") or len(os.sched_getaffinity(0)))

voxels = small_gicp.GaussianVoxelMap(VOXEL)
voxels.set_lru(horizon=100, clear_cycle=10)
pose, step = np.eye(4), np.eye(4)  # T_map_sensor, T_before_now
poses, milliseconds = [], []
for k in range(count):
    rows = np.fromfile(folder / f"{k:05d}.f32", np.float32).reshape(-1, 4).astype(np.float64)
    points = np.ascontiguousarray(rows[:, :3])
    start = time.perf_counter()
    cloud, _ = small_gicp.preprocess_points(points, downsampling_resolution=THINNING, num_threads=threads)
    if k > 0:
        result = small_gicp.align(voxels, cloud, pose @ step, num_threads=threads)
        step = np.linalg.inv(pose) @ result.T_target_source
        pose = result.T_target_source
    voxels.insert(cloud, pose)
    milliseconds.append(1e3 * (time.perf_counter() - start))
    poses.append(pose[:3].ravel().tolist())
Path(request["out"]).write_text(json.dumps({"poses": poses, "ms": milliseconds}))
