#!/usr/bin/env python3
"""One run of KISS-ICP (PyPI `kiss-icp`) on a scan folder; see runKiss in lib/run.mjs for the request.

Timed is register_frame alone: reading the file and converting it to float64 are not.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from kiss_icp.config.parser import load_config
from kiss_icp.kiss_icp import KissICP

request = json.loads(sys.argv[1])
folder = Path(request["folder"])
index = json.loads((folder / "index.json").read_text())
count = min(request.get("scans") or len(index["stamps"]), len(index["stamps"]))

# The defaults first; what is asked for is set before the voxel size is derived from the range.
config = load_config(None)
if "deskew" in request:
    config.data.deskew = request["deskew"]
if "minRange" in request:
    config.data.min_range = float(request["minRange"])
if "maxRange" in request:
    config.data.max_range = float(request["maxRange"])
    config.mapping.voxel_size = config.data.max_range / 100.0  # as load_config does
if "threads" in request:
    config.registration.max_num_threads = int(request["threads"])

odometry = KissICP(config)
poses, milliseconds = [], []
for k in range(count):
    rows = np.fromfile(folder / f"{k:05d}.f32", np.float32).reshape(-1, 4).astype(np.float64)
    points = np.ascontiguousarray(rows[:, :3])
    times = np.ascontiguousarray(rows[:, 3])
    start = time.perf_counter()
    odometry.register_frame(points, times)
    milliseconds.append(1e3 * (time.perf_counter() - start))
    poses.append(odometry.last_pose[:3].ravel().tolist())
Path(request["out"]).write_text(json.dumps({"poses": poses, "ms": milliseconds}))
