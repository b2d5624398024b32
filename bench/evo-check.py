#!/usr/bin/env python3
"""Compares Feltmap's trajectory metrics with those of evo (PyPI, `pip install evo`).

    npm run build && python3 bench/evo-check.py [TRUTH.tum ...]

Each truth is perturbed (odometry-like drift, noise, another frame, stamps moved by up to 3 ms, every 17th pose
missing), both programs read the same files, and every figure is printed beside the other's. evo has no KITTI drift:
that one is computed here with NumPy from the protocol of the KITTI devkit. Exit status 1 if a relative difference
exceeds 1e-6.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from evo.core import metrics, sync
from evo.core.metrics import PoseRelation, Unit
from evo.tools import file_interface
from scipy.spatial.transform import Rotation

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 1e-6
STATISTICS = ("rmse", "mean", "median", "std", "min", "max")


def exp_se3(xi):
    T = np.eye(4)
    T[:3, :3] = Rotation.from_rotvec(xi[3:]).as_matrix()
    T[:3, 3] = xi[:3]
    return T


def perturbed(poses, rng):
    """The same motion with a small random error in every step, noise, and seen from another frame."""
    frame = exp_se3(np.array([12.0, -7.0, 3.0, 0.4, -0.8, 2.1]))
    bias = np.array([0.004, 0.001, -0.001, 2e-5, -3e-5, 8e-5])
    out, T = [frame @ poses[0]], frame @ poses[0]
    for a, b in zip(poses, poses[1:]):
        noise = rng.normal(0, [0.01, 0.01, 0.01, 3e-4, 3e-4, 6e-4])
        T = T @ np.linalg.inv(a) @ b @ exp_se3(bias + noise)
        out.append(T)
    return out


def write_tum(path, stamps, poses):
    with open(path, "w") as f:
        for t, T in zip(stamps, poses):
            q = Rotation.from_matrix(T[:3, :3]).as_quat()
            f.write(f"{t:.9f} " + " ".join(f"{v:.17g}" for v in (*T[:3, 3], *q)) + "\n")


def evo_figures(est_path, gt_path, delta):
    gt = file_interface.read_tum_trajectory_file(gt_path)
    est = file_interface.read_tum_trajectory_file(est_path)
    gt, est = sync.associate_trajectories(gt, est, max_diff=0.01)
    figures = {}

    def record(name, metric):
        metric.process_data((gt, est))
        result = metric.get_all_statistics()
        for s in STATISTICS:
            figures[f"{name} {s}"] = result[s]
        figures[f"{name} count"] = len(metric.error)

    record("ATE unaligned (m)", metrics.APE(PoseRelation.translation_part))
    drift = kitti_drift(gt.poses_se3, est.poses_se3)
    record("RPE 1 frame (m)", metrics.RPE(PoseRelation.translation_part, 1, Unit.frames, all_pairs=True))
    record("RPE 1 frame (deg)", metrics.RPE(PoseRelation.rotation_angle_deg, 1, Unit.frames, all_pairs=True))
    for unit, relation in (("m", PoseRelation.translation_part), ("deg", PoseRelation.rotation_angle_deg)):
        metric = metrics.RPE(relation, float(delta), Unit.meters, pairs_from_reference=True)
        record(f"RPE {delta} m ({unit})", metric)
    est.align(gt, correct_scale=False)
    record("ATE aligned (m)", metrics.APE(PoseRelation.translation_part))
    record("ATE aligned (deg)", metrics.APE(PoseRelation.rotation_angle_deg))
    return {**figures, **drift}


def kitti_drift(gt, est):
    steps = np.linalg.norm(np.diff([T[:3, 3] for T in gt], axis=0), axis=1)
    travelled = np.concatenate([[0.0], np.cumsum(steps)])
    lengths, step = segments(travelled[-1])
    translation, rotation = [], []
    for first in range(0, len(gt), step):
        for length in lengths:
            beyond = np.flatnonzero(travelled > travelled[first] + length)
            if len(beyond) == 0:
                continue
            last = beyond[0]
            true = np.linalg.inv(gt[first]) @ gt[last]
            ours = np.linalg.inv(est[first]) @ est[last]
            error = np.linalg.inv(ours) @ true
            translation.append(np.linalg.norm(error[:3, 3]) / length)
            angle = np.arccos(np.clip(0.5 * (np.trace(error[:3, :3]) - 1), -1, 1))
            rotation.append(angle / length)
    return {
        "KITTI segments": len(translation),
        "KITTI translation (%)": 100 * np.mean(translation),
        "KITTI rotation (deg/100 m)": 100 * np.degrees(np.mean(rotation)),
    }


def segments(distance):
    """KITTI's own lengths and step, or a shorter protocol for a shorter run."""
    return (range(100, 900, 100), 10) if distance > 150 else ((10, 20, 50), 1)


def our_figures(est_path, gt_path, delta, distance):
    lengths, step = segments(distance)
    command = ["node", str(ROOT / "bench" / "evo-check.mjs"), est_path, gt_path, str(delta)]
    command += [",".join(map(str, lengths)), str(step)]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def made_up_drive(rng):
    """1.2 km of winding road at 10 Hz; no sum of steps is 10 m exactly, or rounding would decide where pairs end."""
    poses, yaw = [np.eye(4)], 0.0
    for _ in range(1200):
        yaw = 0.95 * yaw + rng.normal(0, 0.004)
        poses.append(poses[-1] @ exp_se3(np.array([1.013, 0, 0, 0, rng.normal(0, 5e-4), yaw])))
    return 1_600_000_000.0 + 0.1 * np.arange(len(poses)), poses


def check(name, stamps, poses, rng, folder):
    gt_path, est_path = str(folder / "gt.tum"), str(folder / "est.tum")
    write_tum(gt_path, stamps, poses)
    keep = [i for i in range(len(poses)) if i % 17 != 16]
    estimate = perturbed(poses, rng)
    moved = [stamps[i] + rng.uniform(-0.003, 0.003) for i in keep]
    write_tum(est_path, moved, [estimate[i] for i in keep])
    distance = float(np.sum(np.linalg.norm(np.diff([T[:3, 3] for T in poses], axis=0), axis=1)))
    reference = evo_figures(est_path, gt_path, 10)
    ours = our_figures(est_path, gt_path, 10, distance)
    print(f"\n{name}: {len(poses)} poses, {distance:.1f} m")
    print(f"{'':34}{'Feltmap':>18}{'evo / NumPy':>18}{'rel. difference':>18}")
    worst = 0.0
    for key, theirs in reference.items():
        difference = abs(ours[key] - theirs) / max(abs(theirs), 1e-12)
        worst = max(worst, difference)
        print(f"{key:34}{ours[key]:18.12g}{theirs:18.12g}{difference:18.2e}{'  !' if difference > LIMIT else ''}")
    print(f"largest relative difference: {worst:.2e}")
    return worst


def main():
    rng = np.random.default_rng(5)
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        default = ROOT / "bags" / "kitti_0005.tum"
        files = sys.argv[1:] or ([str(default)] if default.exists() else [])
        for path in files:
            gt = file_interface.read_tum_trajectory_file(path)
            worst = max(worst, check(path, gt.timestamps, gt.poses_se3, rng, Path(folder)))
        worst = max(worst, check("made-up drive", *made_up_drive(rng), rng, Path(folder)))
    print(f"\nOver all: {worst:.2e} (limit {LIMIT:.0e}): {'agree' if worst <= LIMIT else 'DIFFER'}")
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
