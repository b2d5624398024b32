import {
  ClampToEdgeWrapping,
  DataTexture,
  DoubleSide,
  LinearFilter,
  SRGBColorSpace,
  ShaderMaterial,
  Vector2,
  Vector3,
  Vector4,
} from 'three';
import { rampTexels, type RampName } from './palette.js';
import { SHADINGS, type Shading } from './shading.js';

const VERTEX = /* glsl */ `
attribute vec4 tint;
attribute float stamp;
varying vec3 vNormal;
varying vec3 vWorld;
varying vec4 vTint;
varying float vStamp;
void main() {
  vec4 world = modelMatrix * vec4(position, 1.0);
  vWorld = world.xyz;
  // Model matrices hold a rotation and one scale: no inverse transpose needed.
  vNormal = mat3(modelMatrix) * normal;
  vTint = tint;
  vStamp = stamp;
  gl_Position = projectionMatrix * viewMatrix * world;
}`;

// Light as in the report's picture: a warm key light over the viewer's shoulder, a blue sky, a weak headlight.
// Written as its square root: eight bits then hold dark tones without steps; the last pass squares it again.
const FRAGMENT = /* glsl */ `
uniform int uShading;
uniform sampler2D uRamp;
uniform sampler2D uAgeRamp;
uniform vec2 uHeights;
uniform vec2 uAges;
uniform vec4 uSlice;
uniform vec3 uKey;
uniform vec3 uToEye;
uniform vec3 uBack;
uniform vec3 uClay;
varying vec3 vNormal;
varying vec3 vWorld;
varying vec4 vTint;
varying float vStamp;

vec3 linear(vec3 c) { return pow(c, vec3(2.2)); }

vec3 baseColour(vec3 n) {
  if (uShading == 1) return texture2D(uRamp, vec2((vWorld.z - uHeights.x) / (uHeights.y - uHeights.x), 0.5)).rgb;
  if (uShading == 2) return mix(uClay, linear(vTint.rgb), vTint.a);
  if (uShading == 3) return texture2D(uAgeRamp, vec2((vStamp - uAges.x) / (uAges.y - uAges.x), 0.5)).rgb;
  return linear(clamp(vec3(0.60 + 0.26 * n.x + 0.16 * n.z, 0.60 + 0.20 * n.y + 0.14 * n.z, 0.70 - 0.14 * n.x - 0.12 * n.y), 0.0, 1.0));
}

void main() {
  float cut = dot(uSlice.xyz, vWorld) + uSlice.w;
  if (cut < 0.0) discard;
  vec3 toEye = isOrthographic ? uToEye : normalize(cameraPosition - vWorld);
  vec3 n = normalize(vNormal);
  bool back = !gl_FrontFacing;
  if (dot(n, toEye) < 0.0) n = -n;
  vec3 base = baseColour(n);
  // Inner sides, seen where a surface was never scanned from behind, step back.
  if (back) base = mix(uBack, base, 0.25);
  float sky = 0.5 + 0.5 * n.z;
  float key = max(0.0, dot(n, uKey));
  float head = max(0.0, dot(n, toEye));
  vec3 light = vec3(0.95, 0.91, 0.82) * key + vec3(0.30, 0.33, 0.40) * sky + 0.22 * head + vec3(0.10, 0.10, 0.11);
  // Photographed colours carry their own light.
  if (uShading == 2) light = mix(light, vec3(0.75 + 0.35 * key + 0.1 * sky), 0.7 * vTint.a);
  vec3 lit = base * light;
  // Bright surfaces roll off instead of burning out.
  lit = lit * (1.0 + 0.12 * lit) / (1.0 + 0.42 * lit);
  gl_FragColor = vec4(sqrt(clamp(lit, 0.0, 1.0)), 1.0);
}`;

/**
 * The one material of all surface: shading modes, slicing plane and light are uniforms, so nothing is rebuilt.
 *
 * @example
 * const material = new MeshMaterial();
 * material.shading = 'height';
 * material.setHeights(0, 5); // metres
 */
export class MeshMaterial extends ShaderMaterial {
  #ramp: RampName = 'terrain';

  constructor() {
    super({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      side: DoubleSide,
      uniforms: {
        uShading: { value: 0 },
        uRamp: { value: rampTexture('terrain') },
        uAgeRamp: { value: rampTexture('age') },
        uHeights: { value: new Vector2(0, 1) },
        uAges: { value: new Vector2(0, 1) },
        uSlice: { value: new Vector4(0, 0, 0, 1) },
        uKey: { value: new Vector3(0, 0, 1) },
        uToEye: { value: new Vector3(0, 0, 1) },
        uBack: { value: new Vector3(0.102, 0.117, 0.162) },
        uClay: { value: new Vector3(0.584, 0.617, 0.686) },
      },
    });
  }

  set shading(mode: Shading) {
    this.uniforms['uShading']!.value = SHADINGS.indexOf(mode);
  }

  set ramp(name: RampName) {
    if (name === this.#ramp) return;
    this.#ramp = name;
    const uniform = this.uniforms['uRamp']!;
    (uniform.value as DataTexture).dispose();
    uniform.value = rampTexture(name);
  }

  /** Heights (m) of the ramp's ends. */
  setHeights(low: number, high: number): void {
    (this.uniforms['uHeights']!.value as Vector2).set(low, Math.max(high, low + 1e-3));
  }

  /** Times (s) of the age ramp's ends. */
  setAges(oldest: number, newest: number): void {
    (this.uniforms['uAges']!.value as Vector2).set(oldest, Math.max(newest, oldest + 1e-3));
  }

  /** Keeps points p with n·p + w ≥ 0; `undefined` keeps all. */
  set slice(plane: readonly [number, number, number, number] | undefined) {
    (this.uniforms['uSlice']!.value as Vector4).set(...(plane ?? ([0, 0, 0, 1] as const)));
  }

  /** Directions in world axes, from surface to light and to an orthographic eye. */
  setLight(key: Vector3, toEye: Vector3): void {
    (this.uniforms['uKey']!.value as Vector3).copy(key);
    (this.uniforms['uToEye']!.value as Vector3).copy(toEye);
  }
}

function rampTexture(name: RampName): DataTexture {
  const texture = new DataTexture(rampTexels(name), 256, 1);
  texture.colorSpace = SRGBColorSpace;
  texture.minFilter = texture.magFilter = LinearFilter;
  texture.wrapS = texture.wrapT = ClampToEdgeWrapping;
  texture.needsUpdate = true;
  return texture;
}
