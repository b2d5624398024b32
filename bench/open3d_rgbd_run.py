"""Open3D's dense RGB-D SLAM (frame to model) on a TUM RGB-D folder. Request: JSON with folder, out, voxel, depthMax."""
import json
import sys
import time

import numpy as np
import open3d as o3d
import open3d.core as o3c

request = json.loads(sys.argv[1])
folder, out = request["folder"], request["out"]
voxel, depth_max = request.get("voxel", 0.02), request.get("depthMax", 6.0)
with open(f"{folder}/camera_intrinsic.json") as file:
    camera = json.load(file)
matrix = np.array(camera["intrinsic_matrix"]).reshape(3, 3).T
scale = float(camera["depth_scale"])
with open(f"{folder}/associations.txt") as file:
    pairs = [line.split() for line in file if line.strip()]

device = o3c.Device("CPU:0")
intrinsic = o3c.Tensor(matrix)
slam = o3d.t.pipelines.slam
T = o3c.Tensor(np.identity(4))
model = slam.Model(voxel, 16, 20000, T, device)
first = o3d.t.io.read_image(f"{folder}/{pairs[0][3]}")
frame = slam.Frame(first.rows, first.columns, intrinsic, device)
seen = slam.Frame(first.rows, first.columns, intrinsic, device)
poses, times, lost = [], [], 0
for k, (_, color, _, depth) in enumerate(pairs):
    start = time.perf_counter()
    frame.set_data_from_image("depth", o3d.t.io.read_image(f"{folder}/{depth}"))
    frame.set_data_from_image("color", o3d.t.io.read_image(f"{folder}/{color}"))
    if k > 0:
        try:
            method = o3d.t.pipelines.odometry.Method.PointToPlane
            T = T @ model.track_frame_to_model(frame, seen, scale, depth_max, 0.07, method).transformation
        except RuntimeError:
            lost += 1
    model.update_frame_pose(k, T)
    model.integrate(frame, scale, depth_max, 4.0)
    model.synthesize_model_frame(seen, scale, 0.1, depth_max, 4.0, False)
    times.append(1000 * (time.perf_counter() - start))
    poses.append(T.numpy()[:3].reshape(-1).tolist())
mesh = model.voxel_grid.extract_triangle_mesh(1.0).to_legacy()
np.asarray(mesh.vertices, dtype=np.float32).tofile(f"{out}/positions.f32")
np.asarray(mesh.triangles, dtype=np.uint32).tofile(f"{out}/indices.u32")
with open(f"{out}/result.json", "w") as file:
    json.dump({"poses": poses, "times": times, "lost": lost, "version": o3d.__version__}, file)
