import type { Config } from '../config/schema.js';
import { KernelPool } from '../field/engines/wasm/pool.js';
import { WasmField } from '../field/engines/wasm/field.js';
import { compose, identity, inverse, log, rotationAngle, translationNorm, type Pose, type Twist } from '../geometry/se3.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { LidarPreparer, type PreparedScan } from '../sensors/lidar/preparer.js';
