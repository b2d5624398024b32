// Images of a gel to heights, on real presses: accuracy on held-out balls with its controls, and speed.
// Usage: node bench/touch-image.mjs FOLDER [--splits 3] [--train 34] [--threads 2] [--rounds 4] [--pictures FOLDER] [--json]
// FOLDER holds gelsight_mini_balls (…/N/gelsight.png, background.png, circles_auto.csv: circles to judge by, never to train by),
// and where they are there 9dtact and gelslim3. --pictures writes height maps as PNG.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readImage, readPressFolder } from '../dist/bags/tactile/press-folder.js';
import { fitBall } from '../dist/calibration/tactile/ball-fit.js';
import { calibrateGel } from '../dist/calibration/tactile/calibrate.js';
import { changeOf, darkeningOf } from '../dist/calibration/tactile/change-image.js';
import { findCircle } from '../dist/calibration/tactile/circle.js';
import { drawHeights } from '../dist/calibration/tactile/picture.js';
import { pressSamples } from '../dist/calibration/tactile/samples.js';
import { trainSlopes } from '../dist/calibration/tactile/slope-trainer.js';
import { fitDepthTable } from '../dist/calibration/tactile/table-fit.js';
import { KernelPool } from '../dist/compute/pool.js';
import { encodePng } from '../dist/export/png.js';
import { compose, exp } from '../dist/geometry/se3.js';
import { TouchMap } from '../dist/slam/touch/touch-map.js';
import { Random } from '../dist/geometry/random.js';
import { GelKernels } from '../dist/sensors/tactile/gel-kernels.js';
import { GelReader } from '../dist/sensors/tactile/gel-reader.js';
import { fixed, markdownTable, mean, quantile } from './lib/tables.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    splits: { type: 'string', default: '3' },
    train: { type: 'string', default: '34' },
    threads: { type: 'string', default: '2' },
    pixel: { type: 'string', default: '0.0634' },
    pictures: { type: 'string' },
    rounds: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});
const [data] = positionals;
const [splits, trained, threads] = [values.splits, values.train, values.threads].map(Number);
const pitch = Number(values.pixel) / 1000;
const pool = await KernelPool.create({ threads, memoryMiB: 512 });
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const results = {};

/** Presses with the circles found (to train) and given (to judge). */
async function readBalls(folder) {
  const { reference, presses } = await readPressFolder(folder);
  const { width, height } = reference;
  const given = new Map(
    readFileSync(join(folder, 'circles_auto.csv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
      .map(([name, , x, y, radius]) => [name, { x: +x, y: +y, radius: +radius }]),
  );
  const found = presses.map(({ name, image, ballDiameter }) => ({
    name,
    image: image.data,
    ballRadius: ballDiameter / 2 / pitch,
    circle: findCircle(changeOf(image.data, reference.data, width, height)),
    truth: given.get(name.replace(/\/[^/]*$/, '')),
  }));
  return { reference, width, height, presses: found.filter(({ circle, truth }) => circle && truth) };
}

/** Trained on some, measured on the others. */
function halves(presses, seed) {
  const random = new Random(seed);
  const order = presses.map((_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  const all = order.map((i) => presses[i]);
  return [all.slice(0, trained), all.slice(trained)];
}

/** Errors of presses; `heightsOf` gives heights in pixels. */
function judge({ width, height }, presses, heightsOf) {
  return presses.map((press) => {
    const heights = heightsOf(press);
    const fit = fitBall(heights, width, height, press.truth, press.ballRadius);
    const free = fitBall(heights, width, height, press.truth, press.ballRadius, true);
    return {
      rms: fit.rms * pitch * 1000,
      radius: free ? Math.abs(free.radius / press.ballRadius - 1) * 100 : 100,
    };
  });
}

/** Control: mean slopes per bin of 32³ colour differences, coarser bins where it is empty; no position. */
function lookUpTable(balls, samplesOf, presses) {
  const levels = [32, 16, 8, 4].map((bins) => ({ bins, sums: new Float64Array(3 * bins ** 3) }));
  const bin = (difference, bins) => {
    const at = difference.map((d) => Math.min(bins - 1, Math.floor(((d + 256) / 512) * bins)));
    return 3 * ((at[0] * bins + at[1]) * bins + at[2]);
  };
  const { reference } = balls;
  const differenceAt = (image, i) => [0, 1, 2].map((c) => image[3 * i + c] - reference.data[3 * i + c]);
  for (const press of presses) {
    const { targets, count, pixels } = samplesOf(press);
    pixels.forEach((pixel, k) => {
      for (const { bins, sums } of levels) {
        const at = bin(differenceAt(press.image, pixel), bins);
        sums[at]++;
        sums[at + 1] += targets[k];
        sums[at + 2] += targets[count + k];
      }
    });
  }
  return (image, i) => {
    const difference = differenceAt(image, i);
    if (Math.max(...difference.map(Math.abs)) < 4) return [0, 0];
    for (const { bins, sums } of levels) {
      const at = bin(difference, bins);
      if (sums[at] > 3) return [Math.tan(sums[at + 1] / sums[at]), Math.tan(sums[at + 2] / sums[at])];
    }
    return [0, 0];
  };
}

/** The pixels of a press in the order of its samples. */
function pixelSamples(press, { reference, width, height }) {
  const samples = pressSamples([press], reference.data, width, height);
  const pixels = Array.from({ length: samples.count }, (_, k) => {
    const [x, y] = [3, 4].map((plane) => samples.inputs[plane * samples.count + k]);
    return Math.round(((y + 1) * (height - 1)) / 2) * width + Math.round(((x + 1) * (width - 1)) / 2);
  });
  return { ...samples, pixels };
}

function calibrationOf(balls, weights, sigma = 3e-5) {
  const { width, height } = balls;
  return {
    kind: 'network',
    sensor: 'balls',
    width,
    height,
    pitch,
    markers: false,
    sigma,
    weights,
    depthGain: 1,
  };
}

async function realBalls(folder) {
  const balls = await readBalls(folder);
  const { reference, width, height } = balls;
  const rows = { network: [], table: [], 'reference of another press': [], 'circles 12 px off': [] };
  const seconds = [];
  let weights;
  for (let split = 1; split <= splits; split++) {
    const [train, test] = halves(balls.presses, split);
    const start = performance.now();
    weights = trainSlopes(pool, pressSamples(train, reference.data, width, height));
    seconds.push((performance.now() - start) / 1000);
    const reader = new GelReader(pool, calibrationOf(balls, weights), 'gel');
    const read = (image, against = reference.data) => {
      reader.setReference({ width, height, data: against });
      return reader.read({ width, height, data: image }, 0n).depth.map((h) => h / pitch);
    };
    rows.network.push(...judge(balls, test, ({ image }) => read(image)));
    const other = train[0].image;
    rows['reference of another press'].push(...judge(balls, test, ({ image }) => read(image, other)));
    const shifted = test.map((p) => ({ ...p, truth: { ...p.truth, x: p.truth.x + 12 } }));
    // The centre is free, so a shifted mask shows only by the gel beside the ball that comes into it.
    rows['circles 12 px off'].push(...judge(balls, shifted, ({ image }) => read(image)));
    reader.close();
    const slopeAt = lookUpTable(balls, (press) => pixelSamples(press, balls), train);
    const gel = new GelKernels(pool, width, height, weights);
    rows.table.push(
      ...judge(balls, test, ({ image }) => {
        for (let i = 0; i < width * height; i++)
          [gel.slopes[i], gel.slopes[width * height + i]] = slopeAt(image, i);
        gel.integrate();
        return gel.heights;
      }),
    );
    gel.close();
  }
  const summary = Object.entries(rows).map(([name, errors]) => [
    name,
    mean(errors.map(({ rms }) => rms)),
    Math.max(...errors.map(({ rms }) => rms)),
    median(errors.map(({ radius }) => radius)),
  ]);
  results.balls = { presses: balls.presses.length, trainSeconds: mean(seconds), summary };
  const title = `${balls.presses.length} presses found, ${trained} trained on, ${splits} splits, ${fixed(mean(seconds), 1)} s of training`;
  const table = markdownTable(
    ['', 'height rms, mm', 'worst press', 'radius off, median %'],
    summary.map(([name, ...figures]) => [
      name,
      fixed(figures[0], 4),
      fixed(figures[1], 4),
      fixed(figures[2], 1),
    ]),
  );
  if (!values.json) console.log(`${title}\n\n${table}\n`);
  return { balls, weights };
}

/** Images a second through GelReader.read, one after the other. */
async function speed(balls, weights) {
  const { reference, width, height, presses } = balls;
  const list = [];
  for (const count of [1, threads]) {
    const own = await KernelPool.create({ threads: count, memoryMiB: 256 });
    const reader = new GelReader(own, calibrationOf(balls, weights), 'gel');
    reader.setReference(reference);
    const times = [];
    for (let i = 0; i < 3 * presses.length; i++) {
      const start = performance.now();
      reader.read({ width, height, data: presses[i % presses.length].image }, BigInt(i));
      if (i >= presses.length) times.push(performance.now() - start);
    }
    const name = `${count} thread${count > 1 ? 's' : ''}`;
    list.push([name, median(times), mean(times), quantile(times, 0.1), 1000 / mean(times)]);
    reader.close();
    await own.close();
  }
  results.speed = list;
  if (values.json) return;
  const lines = list.map(([name, ...figures]) => [name, ...figures.map((value) => fixed(value, 1))]);
  console.log(
    `${markdownTable([`${width}×${height}`, 'ms, median', 'ms, mean', 'fastest tenth', 'images/s'], lines)}\n`,
  );
}

/**
 * Images a second through everything: image, patch, registration, fusion. Each round lays the presses side by side, 10 mm
 * apart, where the arm errs by 2 mm and 1° per axis: the first round is fused where nothing is mapped yet, the others are
 * registered with what it felt. Beside other programs the processor's time says more than the clock.
 */
async function fusedSpeed(balls, weights) {
  const { reference, width, height, presses } = balls;
  const columns = Math.ceil(Math.sqrt(presses.length));
  const list = [];
  for (const count of [1, threads]) {
    const own = await KernelPool.create({ threads: count, memoryMiB: 900 });
    const reader = new GelReader(own, calibrationOf(balls, weights), 'gel');
    reader.setReference(reference);
    const map = await TouchMap.create(own);
    const random = new Random('arm');
    for (let round = 0; round < Number(values.rounds); round++) {
      const [start, before] = [performance.now(), process.cpuUsage()];
      let [registered, reading] = [0, 0];
      const walls = [];
      for (const [i, { image }] of presses.entries()) {
        const errors = [2e-3, 2e-3, 2e-3, Math.PI / 180, Math.PI / 180, Math.PI / 180];
        const place = [(i % columns) * 0.01, Math.floor(i / columns) * 0.01, 0, 0, 0, 0];
        const T_map_sensor = compose(exp(place), exp(errors.map((sigma) => sigma * random.normal())));
        const begin = performance.now();
        const touch = reader.read({ width, height, data: image }, BigInt(round * presses.length + i));
        const read = performance.now();
        const { state } = map.add({ ...touch, T_map_sensor });
        reading += read - begin;
        walls.push(performance.now() - begin);
        if (state === 'registered' || state === 'sliding') registered++;
      }
      const { user, system } = process.cpuUsage(before);
      const wall = (performance.now() - start) / presses.length;
      const cpu = (user + system) / 1e3 / presses.length;
      if (round === 1) continue; // as the first, warm
      const what = round === 0 ? 'first round' : `round ${round + 1}`;
      const [share, quick] = [reading / presses.length / wall, quantile(walls, 0.1)];
      const name = `${count} thread${count > 1 ? 's' : ''}, ${what}`;
      list.push([name, wall, 1000 / wall, quick, 100 * share, cpu, registered]);
    }
    reader.close();
    await own.close();
  }
  results.fusedSpeed = list;
  if (values.json) return;
  const lines = list.map(([name, wall, rate, quick, share, cpu, registered]) => [
    name,
    fixed(wall, 1),
    fixed(rate, 0),
    fixed(quick, 1),
    fixed(share, 0),
    fixed(cpu, 1),
    `${registered} of ${presses.length}`,
  ]);
  // Beside other programs the fastest tenth, and how much of the time is the reading of the image, say more than the mean.
  const header = ['image to fused', 'ms each', 'images/s', 'fastest tenth, ms', 'reading, %', 'processor ms each', 'registered']; // prettier-ignore
  console.log(`${markdownTable(header, lines)}\n`);
}

/** numpy's format, float64 only. */
function readNpy(path) {
  const bytes = readFileSync(path);
  const from = 10 + bytes.readUInt16LE(8);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset + from, bytes.byteOffset + bytes.length));
}

/** 9DTact: radius of its ball (4.00 mm) by the table that comes with each sensor, and by our own of the other sensor's press. */
async function translucent(folder) {
  const sensors = [];
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith('sensor_'))) {
    const at = join(folder, name);
    const [reference, image] = await Promise.all(
      ['ref', 'sample'].map((kind) => readImage(join(at, 'depth_calibration', `rectify_crop_${kind}.png`))),
    );
    const millimetres = readNpy(join(at, 'depth_calibration', 'Pixel_to_Depth.npy'));
    const scale = readNpy(join(at, 'camera_calibration', 'position_scale.npy'))[2] / 1000;
    const { width, height } = reference;
    const circle = findCircle(darkeningOf(image.data, reference.data, width, height), true);
    const press = { name, image: image.data, circle, ballRadius: 0.004 / scale };
    const own = fitDepthTable([press], reference.data, width, scale);
    sensors.push({
      name,
      reference,
      image,
      scale,
      press,
      given: millimetres.map((d) => Math.max(0, d) / 1000),
      own,
    });
  }
  const rows = [];
  for (const sensor of sensors)
    for (const [kind, depths] of [
      ['its own table', Float32Array.from(sensor.given)],
      ['our table of the same press', sensor.own],
      ...sensors
        .filter((other) => other !== sensor)
        .map((other) => [`our table of ${other.name}`, other.own]),
    ]) {
      const { reference, image, scale, press } = sensor;
      const { width, height } = reference;
      const gel = { sensor: '9DTact', width, height, pitch: scale, markers: false, sigma: 2e-5 };
      const reader = new GelReader(pool, { kind: 'table', ...gel, depths }, 'gel');
      reader.setReference(reference);
      const touch = reader.read(image, 0n);
      picture(`9dtact_${sensor.name}_${kind.replaceAll(' ', '_')}`, touch);
      const heights = touch.depth.map((h) => h / scale);
      const fit = fitBall(heights, width, height, press.circle, press.ballRadius, true);
      rows.push([`${sensor.name}, ${kind}`, fit.radius * scale * 1000, fit.rms * scale * 1000]);
    }
  results.translucent = rows;
  if (values.json) return;
  const lines = rows.map(([name, radius, rms]) => [
    name,
    fixed(radius, 2),
    fixed(100 * (radius / 4 - 1), 1),
    fixed(rms, 4),
  ]);
  console.log(`${markdownTable(['9DTact, ball of 4.00 mm', 'radius, mm', 'off, %', 'rms, mm'], lines)}\n`);
}

/** GelSlim: no known diameter, so its heights have no scale: for looking at. */
async function dotted(folder) {
  const { reference, presses } = await readPressFolder(join(folder, 'test_data'), { ballDiameter: 0.008 });
  const input = { sensor: 'GelSlim', reference, presses, pitch: 0.0327 / reference.width, kind: 'network' };
  const { calibration, heldOut, leftOut } = calibrateGel(pool, input);
  const reader = new GelReader(pool, calibration, 'gel');
  const images = join(folder, 'reconstruction', 'images');
  // Another day: the gel looks otherwise than in test_data. The first image of the series is untouched.
  reader.setReference(await readImage(join(images, 'reconstruct_0.jpg')));
  for (const name of readdirSync(images))
    picture(`gelslim_${name}`, reader.read(await readImage(join(images, name)), 0n));
  reader.close();
  results.dotted = { markers: calibration.markers, heldOut: heldOut.length, leftOut: leftOut.length };
  if (!values.json) console.log(`GelSlim: ${JSON.stringify(results.dotted)}\n`);
}

function picture(name, touch) {
  if (!values.pictures) return;
  mkdirSync(values.pictures, { recursive: true });
  const { rgba, width, height } = drawHeights(touch);
  writeFileSync(join(values.pictures, `${name.replace(/\.\w+$/, '')}.png`), encodePng(rgba, width, height));
}

const { balls, weights } = await realBalls(join(data, 'gelsight_mini_balls'));
if (values.pictures)
  for (const press of balls.presses.slice(0, 12)) {
    const reader = new GelReader(pool, calibrationOf(balls, weights), 'gel');
    reader.setReference(balls.reference);
    const { width, height } = balls;
    picture(`ball_${press.name.replaceAll('/', '_')}`, reader.read({ width, height, data: press.image }, 0n));
    reader.close();
  }
await speed(balls, weights);
await fusedSpeed(balls, weights);
const shapes = join(data, '9dtact', 'shape_reconstruction', 'calibration');
if (existsSync(shapes)) await translucent(shapes);
if (existsSync(join(data, 'gelslim3'))) await dotted(join(data, 'gelslim3'));
if (values.json) console.log(JSON.stringify(results, undefined, 2));
await pool.close();
