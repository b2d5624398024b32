import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCalibration } from '../../../src/bags/camera/intrinsics-files.js';
import { scratchFolder } from '../helpers.js';

const folder = scratchFolder();

/** What a file of a name and a text says. */
async function read(name: string, text: string): ReturnType<typeof findCalibration> {
  writeFileSync(join(folder, name), text);
  return findCalibration([folder], [name]);
}

const CAMERA = { fx: 600, fy: 610, cx: 319, cy: 239 };

describe('calibration files of JSON and YAML', () => {
  it("ROS's camera calibration", async () => {
    const found = await read(
      'camera_info.yaml',
      `image_width: 640
image_height: 480
camera_name: rgb
camera_matrix:
  rows: 3
  cols: 3
  data: [600., 0., 319., 0., 610., 239., 0., 0., 1.]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [0.1, -0.2, 0.001, 0.002, 0.05]
projection_matrix: {rows: 3, cols: 4, data: [1, 0, 2, 0, 0, 1, 3, 0, 0, 0, 1, 0]}
`,
    );
    expect(found!.camera).toEqual({
      ...CAMERA,
      ...{ width: 640, height: 480, distortion: 'plumb_bob', coefficients: [0.1, -0.2, 0.001, 0.002, 0.05] },
    });
    expect(found!.depthScale).toBeUndefined();
  });

  it('a printed CameraInfo, of ROS 1 or 2', async () => {
    for (const [d, k] of [
      ['D', 'K'],
      ['d', 'k'],
    ])
      expect(
        (await read(
          'camera_info.yml',
          `header:\n  frame_id: rgb\nheight: 480\nwidth: 640\ndistortion_model: equidistant\n${d}: [0.1, 0.2, 0.3, 0.4]\n` +
            `${k}: [600.0, 0.0, 319.0, 0.0, 610.0, 239.0, 0.0, 0.0, 1.0]\nbinning_x: 0\n---\n`,
        ))!.camera,
      ).toMatchObject({
        ...CAMERA,
        width: 640,
        distortion: 'equidistant',
        coefficients: [0.1, 0.2, 0.3, 0.4],
      });
  });

  it("ORB-SLAM's settings, in OpenCV's dialect, with the factor of depth", async () => {
    const found = await read(
      'camera.yaml',
      `%YAML:1.0\n---\nCamera.type: "PinHole"\nCamera.fx: 600\nCamera.fy: 610\nCamera.cx: 319\nCamera.cy: 239\n` +
        `Camera.k1: 0.1\nCamera.k2: -0.2\nCamera.p1: 0.003\nCamera.p2: 0\nCamera.width: 640\nCamera.height: 480\n` +
        `DepthMapFactor: 5000.0\nT: !!opencv-matrix\n  rows: 1\n  cols: 1\n  dt: f\n  data: [1]\n`,
    );
    expect(found!.camera).toMatchObject({ ...CAMERA, width: 640, distortion: 'plumb_bob' });
    expect(found!.camera.coefficients.slice(0, 3)).toEqual([0.1, -0.2, 0.003]);
    expect(found!.depthScale).toBe(1 / 5000);
  });

  it("Kalibr's chain, librealsense's names and a camera inside", async () => {
    const kalibr = await read(
      'calibration.yaml',
      'cam0:\n  camera_model: pinhole\n  distortion_model: radtan\n  distortion_coeffs: [0.1, 0, 0, 0]\n' +
        '  intrinsics: [600, 610, 319, 239]\n  resolution: [640, 480]\n',
    );
    expect(kalibr!.camera).toMatchObject({ ...CAMERA, width: 640, height: 480, coefficients: [0.1] });
    const sense = { model: 'distortion.brown_conrady', coeffs: [0, 0, 0, 0, 0], ppx: 319, ppy: 239 };
    const { fx, fy } = CAMERA;
    expect(
      (await read('camera.json', JSON.stringify({ depth: { ...sense, fx, fy }, depth_scale: 0.00025 })))!,
    ).toMatchObject({ camera: { ...CAMERA, distortion: 'none' }, depthScale: 0.00025 });
  });

  it('nerfstudio: pixels of COLMAP, an angle in the place of a focal length, the scale of a scene is not that of depth', async () => {
    const { fx, fy, cx, cy } = CAMERA;
    const named = { fl_x: fx, fl_y: fy, cx: cx + 0.5, cy: cy + 0.5, w: 640, h: 480, scale: 0.33, k1: 0.1 };
    const found = await read('transforms.json', JSON.stringify({ ...named, frames: [] }));
    expect(found!.camera).toMatchObject({ ...CAMERA, width: 640, height: 480, distortion: 'plumb_bob' });
    expect(found!.depthScale).toBeUndefined();
    const angle = { camera_angle_x: Math.PI / 2, w: 640, h: 480, depth_unit_scale_factor: 0.001 };
    expect(await read('transforms.json', JSON.stringify(angle))).toMatchObject({
      camera: {
        fx: expect.closeTo(320, 9) as number,
        fy: expect.closeTo(320, 9) as number,
        cx: 319.5,
        cy: 239.5,
      },
      depthScale: 0.001,
    });
  });

  it('models of rays are refused: their first intrinsic is no focal length', async () => {
    for (const [model, first] of [
      ['omni', '1.2, '],
      ['ds', '0.2, 0.5, '],
      ['eucm', '0.6, 1.1, '],
    ] as const)
      await expect(
        read(
          'calibration.yaml',
          `cam0:\n  camera_model: ${model}\n  distortion_model: radtan\n  distortion_coeffs: [0.1, 0, 0, 0]\n` +
            `  intrinsics: [${first}600, 610, 319, 239]\n  resolution: [640, 480]\n`,
        ),
      ).rejects.toThrow(/camera model '(omni|ds|eucm)'; pinhole is known/);
    const round = { fl_x: 600, fl_y: 610, cx: 320, cy: 240, camera_model: 'EQUIRECTANGULAR', frames: [] };
    await expect(read('transforms.json', JSON.stringify(round))).rejects.toThrow(
      /'EQUIRECTANGULAR'; pinhole/,
    );
  });

  it('a unit of depth or a size that nobody has is none, and numbers may stand in quotes', async () => {
    for (const scale of ['1e400', '1e-300', '1e12', '-1000', '0', '2', '33', '"x"'])
      expect(
        (await read('camera.json', `{"fx":600,"fy":610,"cx":319,"cy":239,"depth_scale":${scale}}`))!
          .depthScale,
      ).toBeUndefined();
    for (const [width, height] of ['-640', '1e400', '0', '""'].map((w) => [w, 480]))
      expect(
        (await read(
          'camera.json',
          `{"fx":600,"fy":610,"cx":319,"cy":239,"width":${width},"height":${height}}`,
        ))!.camera,
      ).not.toHaveProperty('width');
    for (const millimetres of [0.1, 0.5, 1])
      // as BOP's camera.json says it
      expect(
        (await read('camera.json', `{"fx":600,"fy":610,"cx":319,"cy":239,"depth_scale":${millimetres}}`))!
          .depthScale,
      ).toBeCloseTo(millimetres / 1000, 12);
    const quoted = '{"fx":"600","fy":"610","cx":"319","cy":"239","depth_scale":"5000"}';
    expect(await read('camera.json', quoted)).toMatchObject({ camera: CAMERA, depthScale: 1 / 5000 });
    const angle = { camera_angle_x: 1, w: 640, h: 480, scale: 0.05 };
    expect((await read('transforms.json', JSON.stringify(angle)))!.depthScale).toBeUndefined();
  });

  it('what is none is named', async () => {
    await expect(read('camera.yaml', 'a: [1\n')).rejects.toThrow(/camera\.yaml is no YAML/);
    await expect(read('camera.yaml', 'T_base_camera: [1, 2, 3]\n')).rejects.toThrow(/no intrinsics; check/);
    for (const value of [1e308, 1e300])
      await expect(read('camera.json', JSON.stringify({ ...CAMERA, cx: value }))).rejects.toThrow(
        /no intrinsics/,
      );
    for (const d of ['["a"]', '[{"valueOf":1,"toString":1}]', '[0.1,null]'])
      await expect(read('camera.json', `{"K":[[600,0,319],[0,610,239],[0,0,1]],"D":${d}}`)).rejects.toThrow(
        /coefficients of distortion that are no numbers/,
      );
    await expect(read('camera.json', '{')).rejects.toThrow(/camera\.json is no JSON/);
    await expect(
      read('camera.json', JSON.stringify({ ...CAMERA, distortion_model: 'fov', d: [0.9] })),
    ).rejects.toThrow(/camera\.json: .*distortion model 'fov'/);
  });
});
