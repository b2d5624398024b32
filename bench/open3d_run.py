"""Open3D on the frames that bench/rgbd.mjs --export wrote: fusion at given poses, or dense SLAM of its own.

Usage: open3d_run.py FOLDER fuse|slam VOXEL OUT.ply
"""

import json
import sys
import time

import numpy as np
import open3d as o3d

folder, mode, voxel, out = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
frames = json.load(open(f"{folder}/frames.json"))
device = o3d.core.Device("CPU:0")


def matrix(rows):
    return np.vstack([np.array(rows).reshape(3, 4), [0, 0, 0, 1]])


def intrinsic(camera):
    k = [[camera["fx"], 0, camera["cx"]], [0, camera["fy"], camera["cy"]], [0, 0, 1]]
    return o3d.core.Tensor(np.array(k), o3d.core.float64)


def load(frame):
    """Depth image and colour, which is sampled at the depth's pixels where the two are not registered."""
    camera = frame["camera"]
    shape = (camera["height"], camera["width"])
    depth = np.fromfile(f"{folder}/{frame['name']}.depth", np.uint16).reshape(shape)
    color = np.zeros((*shape, 3), np.uint8)
    if "color" in frame:
        other = frame["color"]["camera"]
        image = np.fromfile(f"{folder}/{frame['name']}.rgb", np.uint8).reshape(other["height"], other["width"], 3)
        z = depth.astype(np.float64) / 1000
        v, u = np.mgrid[: shape[0], : shape[1]]
        points = np.stack(
            [(u - camera["cx"]) / camera["fx"] * z, (v - camera["cy"]) / camera["fy"] * z, z, np.ones(shape)], -1
        )
        seen = points @ np.linalg.inv(matrix(frame["color"]["T_depth_color"])).T
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.nan_to_num(seen[..., 0] / seen[..., 2] * other["fx"] + other["cx"], nan=-1)
            y = np.nan_to_num(seen[..., 1] / seen[..., 2] * other["fy"] + other["cy"], nan=-1)
        x, y = np.rint(x).astype(int), np.rint(y).astype(int)
        good = (z > 0) & (x >= 0) & (y >= 0) & (x < other["width"]) & (y < other["height"])
        color[good] = image[y[good], x[good]]
    return (
        o3d.t.geometry.Image(o3d.core.Tensor(depth)),
        o3d.t.geometry.Image(o3d.core.Tensor(color)),
    )


begin = time.time()
if mode == "fuse":
    grid = o3d.t.geometry.VoxelBlockGrid(
        ("tsdf", "weight", "color"),
        (o3d.core.float32, o3d.core.float32, o3d.core.float32),
        ((1), (1), (3)),
        voxel,
        16,
        40_000,
        device,
    )
    for frame in frames:
        if frame["out"]:
            continue
        depth, color = load(frame)
        k = intrinsic(frame["camera"])
        extrinsic = o3d.core.Tensor(np.linalg.inv(matrix(frame["pose"])))
        blocks = grid.compute_unique_block_coordinates(depth, k, extrinsic, 1000.0, 8.0)
        grid.integrate(blocks, depth, color, k, k, extrinsic, 1000.0, 8.0)
    mesh = grid.extract_triangle_mesh(weight_threshold=1.0)
    poses = None
else:
    k = intrinsic(frames[0]["camera"])
    size = (frames[0]["camera"]["height"], frames[0]["camera"]["width"])
    pose = np.eye(4)
    model = o3d.t.pipelines.slam.Model(voxel, 16, 40_000, o3d.core.Tensor(pose), device)
    input_frame = o3d.t.pipelines.slam.Frame(*size, k, device)
    raycast_frame = o3d.t.pipelines.slam.Frame(*size, k, device)
    poses = []
    for i, frame in enumerate(frames):
        depth, color = load(frame)
        input_frame.set_data_from_image("depth", depth)
        input_frame.set_data_from_image("color", color)
        if i > 0:
            result = model.track_frame_to_model(input_frame, raycast_frame, 1000.0, 8.0)
            pose = pose @ result.transformation.numpy()
        poses.append(pose.tolist())
        model.update_frame_pose(i, o3d.core.Tensor(pose))
        if not frame["out"]:
            model.integrate(input_frame, 1000.0, 8.0)
        model.synthesize_model_frame(raycast_frame, 1000.0, 0.1, 8.0, False)
    mesh = model.extract_trianglemesh(1.0)
seconds = time.time() - begin
legacy = mesh.to_legacy()
legacy.compute_vertex_normals()
o3d.io.write_triangle_mesh(out, legacy)
print(json.dumps({"seconds": seconds, "frames": len(frames), "triangles": len(legacy.triangles), "poses": poses}))
