import {
  DepthTexture,
  GLSL3,
  LinearFilter,
  Matrix4,
  Mesh,
  NearestFilter,
  NoBlending,
  OrthographicCamera,
  PlaneGeometry,
  RGBAFormat,
  ShaderMaterial,
  UnsignedByteType,
  UnsignedIntType,
  Vector2,
  Vector3,
  WebGLRenderTarget,
  type Camera,
  type Scene,
  type WebGLRenderer,
} from 'three';

const FULLSCREEN = /* glsl */ `
out vec2 vUv;
void main() {
  vUv = uv;
  gl_Position = vec4(position.xy, 0.0, 1.0);
}`;

const VIEW_POSITION = /* glsl */ `
vec3 viewPosition(vec2 uv, float depth) {
  vec4 p = uInverseProjection * vec4(2.0 * vec3(uv, depth) - 1.0, 1.0);
  return p.xyz / p.w;
}`;

// Ambient occlusion in screen space (after McGuire et al. 2012, "Scalable ambient obscurance"): neighbours on a spiral
// that rise above a pixel's tangent plane hide the sky from it.
const OCCLUSION = /* glsl */ `
in vec2 vUv;
out vec4 result;
uniform sampler2D uDepth;
uniform mat4 uInverseProjection;
uniform vec2 uSize;
uniform float uRadius;
uniform float uPixelsPerMetre;
uniform bool uPerspective;
${VIEW_POSITION}
const int SAMPLES = 14;
void main() {
  float depth = texture(uDepth, vUv).r;
  if (depth >= 1.0) { result = vec4(1.0); return; }
  vec3 p = viewPosition(vUv, depth);
  vec2 texel = 1.0 / uSize;
  // Of both neighbours the one nearer in depth belongs to the same surface.
  vec3 r = viewPosition(vUv + vec2(texel.x, 0.0), texture(uDepth, vUv + vec2(texel.x, 0.0)).r) - p;
  vec3 l = p - viewPosition(vUv - vec2(texel.x, 0.0), texture(uDepth, vUv - vec2(texel.x, 0.0)).r);
  vec3 t = viewPosition(vUv + vec2(0.0, texel.y), texture(uDepth, vUv + vec2(0.0, texel.y)).r) - p;
  vec3 b = p - viewPosition(vUv - vec2(0.0, texel.y), texture(uDepth, vUv - vec2(0.0, texel.y)).r);
  vec3 n = normalize(cross(abs(r.z) < abs(l.z) ? r : l, abs(t.z) < abs(b.z) ? t : b));
  float scale = uPerspective ? -p.z : 1.0;
  float reach = min(uRadius * uPixelsPerMetre / scale, 0.12 * uSize.y);
  if (reach < 1.0) { result = vec4(1.0); return; }
  ivec2 cell = ivec2(gl_FragCoord.xy) & 3;
  float turn = float(cell.y * 4 + cell.x) * 0.3926990817;
  float hidden = 0.0;
  for (int k = 0; k < SAMPLES; k++) {
    float s = float(k) + 0.5;
    float angle = s * 2.39996323 + turn;
    vec2 at = vUv + reach * sqrt(s / float(SAMPLES)) * vec2(cos(angle), sin(angle)) * texel;
    if (any(lessThan(at, vec2(0.0))) || any(greaterThan(at, vec2(1.0)))) continue;
    float d = texture(uDepth, at).r;
    if (d >= 1.0) continue;
    vec3 v = viewPosition(at, d) - p;
    float v2 = dot(v, v);
    float above = dot(v, n) - 0.03 * uRadius - 0.0015 * scale;
    if (v2 < uRadius * uRadius && above > 0.0)
      hidden += (1.0 - v2 / (uRadius * uRadius)) * above * inversesqrt(v2 + 1e-6);
  }
  result = vec4(max(0.0, 1.0 - 2.1 * hidden / float(SAMPLES)));
}`;

// Smooths the occlusion over the spiral's 4×4 pattern, darkens silhouettes (eye-dome lighting, Boucheny 2009) and lays
// the surface over the backdrop. Passes the depth on, so that what is drawn afterwards hides behind the surface.
const COMPOSITE = /* glsl */ `
in vec2 vUv;
out vec4 result;
uniform sampler2D uColour;
uniform sampler2D uDepth;
uniform sampler2D uOcclusion;
uniform mat4 uInverseProjection;
uniform vec2 uSize;
uniform bool uAmbient;
uniform float uRadius;
uniform float uOpacity;
uniform vec3 uTop;
uniform vec3 uBottom;
uniform bool uPerspective;
${VIEW_POSITION}
float occlusionAt(float z) {
  vec2 texel = 1.0 / uSize;
  float sum = 0.0;
  float weight = 0.0;
  for (int y = -2; y < 2; y++) {
    for (int x = -2; x < 2; x++) {
      vec2 at = vUv + (vec2(x, y) + 0.5) * texel;
      float d = texture(uDepth, at).r;
      float w = abs(viewPosition(at, d).z - z) < uRadius ? 1.0 : 0.001;
      sum += w * texture(uOcclusion, at).r;
      weight += w;
    }
  }
  return sum / weight;
}
float silhouette(float z) {
  vec2 texel = 1.3 / uSize;
  float sum = 0.0;
  for (int k = 0; k < 4; k++) {
    vec2 o = k == 0 ? vec2(1, 0) : k == 1 ? vec2(-1, 0) : k == 2 ? vec2(0, 1) : vec2(0, -1);
    float d = texture(uDepth, vUv + o * texel).r;
    if (d >= 1.0) continue;
    float q = viewPosition(vUv + o * texel, d).z;
    // Nearer neighbours shade the pixel behind them.
    sum += uPerspective ? max(0.0, log2(z / q) - 0.02) : max(0.0, 0.02 * (q - z));
  }
  return exp(-2.2 * min(sum, 0.5));
}
void main() {
  vec4 surface = texture(uColour, vUv);
  float depth = texture(uDepth, vUv).r;
  float centre = length((vUv - vec2(0.5, 0.62)) * vec2(1.0, 0.8));
  vec3 back = mix(uTop, uBottom, smoothstep(0.0, 0.85, centre));
  // Ordered dithering (2×2 Bayer) against banding; pictures of it stay small, those of noise do not.
  ivec2 cell = ivec2(gl_FragCoord.xy) & 1;
  back += (float((cell.x ^ cell.y) * 2 + cell.y) / 4.0 - 0.375) / 255.0;
  gl_FragDepth = uOpacity < 0.99 ? 1.0 : depth;
  if (surface.a <= 0.0) { result = vec4(back, 1.0); return; }
  vec3 lit = surface.rgb / surface.a;
  lit *= lit;
  if (depth < 1.0) {
    float z = viewPosition(vUv, depth).z;
    float open = 1.0;
    if (uAmbient) open = occlusionAt(z);
    lit *= (0.25 + 0.75 * open) * open * silhouette(z);
  }
  vec3 srgb = mix(12.92 * lit, 1.055 * pow(lit, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, lit));
  result = vec4(mix(back, srgb, surface.a * uOpacity), 1.0);
}`;

/** Colours of the backdrop's gradient, sRGB 0 … 1. */
export interface Backdrop {
  readonly top: readonly [number, number, number];
  readonly bottom: readonly [number, number, number];
}

/**
 * Draws the surface with ambient occlusion over a backdrop, and leaves its depth in the canvas for what follows:
 * surface → colour and depth → occlusion → canvas.
 *
 * @example
 * const passes = new SurfacePasses(renderer);
 * passes.resize(1280, 720, 4);
 * passes.render(scene, rig.camera);
 */
export class SurfacePasses {
  readonly #target: WebGLRenderTarget;
  readonly #occlusionTarget: WebGLRenderTarget;
  readonly #occlusion: ShaderMaterial;
  readonly #composite: ShaderMaterial;
  readonly #quad: Mesh<PlaneGeometry, ShaderMaterial>;
  readonly #camera = new OrthographicCamera(-1, 1, 1, -1, 0, 1);
  readonly #size = new Vector2();
  /** Ambient occlusion on or off. */
  ambient = true;
  /** Of the surface, 0 … 1. */
  opacity = 1;
  /** Neighbourhood of the occlusion (m). */
  radius = 1.2;

  constructor(private readonly renderer: WebGLRenderer) {
    const depthTexture = new DepthTexture(4, 4, UnsignedIntType);
    depthTexture.minFilter = depthTexture.magFilter = NearestFilter;
    this.#target = new WebGLRenderTarget(4, 4, {
      depthTexture,
      samples: 4,
      format: RGBAFormat,
      type: UnsignedByteType,
      minFilter: NearestFilter,
      magFilter: NearestFilter,
    });
    this.#occlusionTarget = new WebGLRenderTarget(4, 4, {
      depthBuffer: false,
      minFilter: LinearFilter,
      magFilter: LinearFilter,
    });
    const shared = {
      uDepth: { value: depthTexture },
      uInverseProjection: { value: new Matrix4() },
      uSize: { value: this.#size },
      uRadius: { value: 1 },
      uPerspective: { value: true },
    };
    const common = { glslVersion: GLSL3, vertexShader: FULLSCREEN, blending: NoBlending } as const;
    this.#occlusion = new ShaderMaterial({
      ...common,
      fragmentShader: OCCLUSION,
      depthTest: false,
      depthWrite: false,
      uniforms: { ...shared, uPixelsPerMetre: { value: 1 } },
    });
    this.#composite = new ShaderMaterial({
      ...common,
      fragmentShader: COMPOSITE,
      depthTest: true,
      depthWrite: true,
      uniforms: {
        ...shared,
        uColour: { value: this.#target.texture },
        uOcclusion: { value: this.#occlusionTarget.texture },
        uAmbient: { value: true },
        uOpacity: { value: 1 },
        uTop: { value: new Vector3() },
        uBottom: { value: new Vector3() },
      },
    });
    this.#composite.depthFunc = 1; // AlwaysDepth
    this.#quad = new Mesh(new PlaneGeometry(2, 2), this.#composite);
    this.#quad.frustumCulled = false;
  }

  set backdrop({ top, bottom }: Backdrop) {
    (this.#composite.uniforms['uTop']!.value as Vector3).set(...top);
    (this.#composite.uniforms['uBottom']!.value as Vector3).set(...bottom);
  }

  /**
   * @param width of the canvas in device pixels
   * @param samples of each pixel
   */
  resize(width: number, height: number, samples: number): void {
    this.#size.set(width, height);
    if (this.#target.samples !== samples) {
      this.#target.samples = samples;
      this.#target.dispose();
    }
    this.#target.setSize(width, height);
    this.#occlusionTarget.setSize(width, height);
  }

  render(scene: Scene, camera: Camera): void {
    const { renderer } = this;
    const perspective = 'isPerspectiveCamera' in camera;
    const uniforms = this.#composite.uniforms;
    (uniforms['uInverseProjection']!.value as Matrix4).copy(camera.projectionMatrixInverse);
    uniforms['uRadius']!.value = this.radius;
    uniforms['uPerspective']!.value = perspective;
    uniforms['uAmbient']!.value = this.ambient;
    uniforms['uOpacity']!.value = this.opacity;
    this.#occlusion.uniforms['uRadius']!.value = this.radius;
    this.#occlusion.uniforms['uPerspective']!.value = perspective;
    // Focal length in pixels; for an orthographic camera pixels per metre outright.
    this.#occlusion.uniforms['uPixelsPerMetre']!.value =
      0.5 * this.#size.y * camera.projectionMatrix.elements[5]!;

    renderer.setClearColor(0x000000, 0);
    renderer.setRenderTarget(this.#target);
    renderer.clear();
    renderer.render(scene, camera);
    if (this.ambient) {
      this.#quad.material = this.#occlusion;
      renderer.setRenderTarget(this.#occlusionTarget);
      renderer.render(this.#quad, this.#camera);
    }
    this.#quad.material = this.#composite;
    renderer.setRenderTarget(null);
    renderer.clear();
    renderer.render(this.#quad, this.#camera);
  }
}
