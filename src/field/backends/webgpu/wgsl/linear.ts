/** Where an element of a symmetric 6×6 lies. */
export const upper = /* wgsl */ `
// Position of (r, c) in the row-major upper triangle of a symmetric 6×6.
fn upper(r: u32, c: u32) -> u32 {
  let i = min(r, c);
  return i * 6u - (i * (i + 1u)) / 2u + max(r, c);
}
`;

/** Small dense algebra for one thread: what src/geometry/linear.ts and se3.ts do, in float32 with care. */
export const linear = /* wgsl */ `
// Solves A x = b (n ≤ 12, lower triangle of A) by Cholesky after scaling the diagonal to one, which float32 needs:
// turns about a far sensor weigh thousands of times more than shifts.
fn solveScaled(n: u32) -> bool {
  var scale: array<f32, 12>;
  for (var i = 0u; i < n; i++) {
    let d = A[i * n + i];
    if (!(d > 0.0)) { return false; }
    scale[i] = inverseSqrt(d);
  }
  for (var i = 0u; i < n; i++) {
    for (var j = 0u; j <= i; j++) { A[i * n + j] *= scale[i] * scale[j]; }
    b[i] *= scale[i];
  }
  for (var j = 0u; j < n; j++) {
    var d = A[j * n + j];
    for (var k = 0u; k < j; k++) { d -= A[j * n + k] * A[j * n + k]; }
    if (!(d > 1e-9)) { return false; }
    let root = sqrt(d);
    A[j * n + j] = root;
    for (var i = j + 1u; i < n; i++) {
      var s = A[i * n + j];
      for (var k = 0u; k < j; k++) { s -= A[i * n + k] * A[j * n + k]; }
      A[i * n + j] = s / root;
    }
  }
  for (var i = 0u; i < n; i++) {
    var s = b[i];
    for (var k = 0u; k < i; k++) { s -= A[i * n + k] * b[k]; }
    b[i] = s / A[i * n + i];
  }
  for (var r = 0u; r < n; r++) {
    let i = n - 1u - r;
    var s = b[i];
    for (var k = i + 1u; k < n; k++) { s -= A[k * n + i] * b[k]; }
    b[i] = s / A[i * n + i];
  }
  for (var i = 0u; i < n; i++) { b[i] *= scale[i]; }
  return true;
}

// exp([ω]×) by Taylor series: the built-in sine may be wrong by 2⁻¹¹. Turns of a step are well below a radian.
fn rotation(w: vec3f) -> mat3x3f {
  let t = min(dot(w, w), 1.0);
  let a = 1.0 - t / 6.0 * (1.0 - t / 20.0 * (1.0 - t / 42.0));
  let h = 0.5 - t / 24.0 * (1.0 - t / 30.0 * (1.0 - t / 56.0));
  let x = w.x;
  let y = w.y;
  let z = w.z;
  return mat3x3f( // columns
    vec3f(1.0 - h * (y * y + z * z), h * x * y + a * z, h * x * z - a * y),
    vec3f(h * x * y - a * z, 1.0 - h * (x * x + z * z), h * y * z + a * x),
    vec3f(h * x * z + a * y, h * y * z - a * x, 1.0 - h * (x * x + y * y)));
}

${upper}
`;

/** Row and column of an element of that triangle. */
export const triangle = /* wgsl */ `
fn triangle(e: u32) -> vec2u {
  var r = 0u;
  var rest = e;
  for (; r < 5u && rest >= 6u - r; r++) { rest -= 6u - r; }
  return vec2u(r, r + rest);
}
`;
