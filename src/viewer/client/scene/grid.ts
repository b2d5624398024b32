import { Color, DoubleSide, Mesh, PlaneGeometry, ShaderMaterial, Vector3 } from 'three';

const VERTEX = /* glsl */ `
varying vec2 vPlane;
varying float vDepth;
void main() {
  vec4 world = modelMatrix * vec4(position, 1.0);
  vPlane = world.xy;
  vec4 view = viewMatrix * world;
  vDepth = -view.z;
  gl_Position = projectionMatrix * view;
}`;

const FRAGMENT = /* glsl */ `
uniform float uStep;
uniform float uReach;
uniform vec3 uCentre;
uniform vec3 uColor;
uniform float uStrength;
varying vec2 vPlane;
varying float vDepth;
float lines(float size, float width) {
  vec2 c = vPlane / size;
  vec2 w = fwidth(c);
  vec2 d = abs(fract(c - 0.5) - 0.5) / w;
  // Where lines come closer than two pixels they would only shimmer.
  float fade = 1.0 - smoothstep(0.05, 0.3, max(w.x, w.y));
  return (1.0 - min(min(d.x, d.y) / width, 1.0)) * fade;
}
void main() {
  float far = 1.0 - smoothstep(0.35, 1.0, length(vPlane - uCentre.xy) / uReach);
  float a = max(0.4 * lines(uStep, 1.0), lines(10.0 * uStep, 1.1)) * far * uStrength;
  if (a < 0.004) discard;
  gl_FragColor = vec4(uColor, a);
  #include <colorspace_fragment>
}`;

/**
 * Ground grid that has no end: finer lines appear as the eye comes near, and the horizon fades.
 *
 * @example
 * const grid = new GroundGrid();
 * grid.place(rig.target, 0, rig.distance);
 * scene.add(grid);
 */
export class GroundGrid extends Mesh<PlaneGeometry, ShaderMaterial> {
  constructor() {
    super(
      new PlaneGeometry(1, 1),
      new ShaderMaterial({
        vertexShader: VERTEX,
        fragmentShader: FRAGMENT,
        transparent: true,
        depthWrite: false,
        side: DoubleSide,
        uniforms: {
          uStep: { value: 1 },
          uReach: { value: 100 },
          uCentre: { value: new Vector3() },
          uColor: { value: new Color(0x8fa3c0) },
          uStrength: { value: 0.35 },
        },
      }),
    );
    this.frustumCulled = false;
    this.renderOrder = 0;
  }

  /** @param distance from the eye to what it looks at, metres */
  place(centre: Vector3, height: number, distance: number): void {
    const reach = Math.max(4, 4 * distance);
    this.position.set(centre.x, centre.y, height);
    this.scale.set(2 * reach, 2 * reach, 1);
    const uniforms = this.material.uniforms;
    (uniforms['uCentre']!.value as Vector3).copy(centre);
    uniforms['uReach']!.value = reach;
    uniforms['uStep']!.value = gridStep(distance);
  }

  tint(color: string, strength: number): void {
    (this.material.uniforms['uColor']!.value as Color).set(color);
    this.material.uniforms['uStrength']!.value = strength;
  }
}

/** Distance of the grid's fine lines for an eye `distance` metres away: a power of ten. */
export function gridStep(distance: number): number {
  return 10 ** Math.floor(Math.log10(Math.max(distance, 1e-3) / 8));
}
