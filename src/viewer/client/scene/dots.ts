import {
  BufferAttribute,
  BufferGeometry,
  Color,
  Points,
  ShaderMaterial,
  Sphere,
  Vector3,
  type ColorRepresentation,
} from 'three';

const VERTEX = /* glsl */ `
uniform float uSize;
varying float vRange;
void main() {
  vec4 view = modelViewMatrix * vec4(position, 1.0);
  vRange = length(position);
  gl_Position = projectionMatrix * view;
  gl_PointSize = uSize;
}`;

const FRAGMENT = /* glsl */ `
uniform vec3 uColor;
uniform vec3 uRim;
uniform float uSize;
uniform float uOpacity;
uniform bool uRimmed;
void main() {
  vec2 d = 2.0 * gl_PointCoord - 1.0;
  float r = length(d);
  float edge = 2.0 / uSize;
  float alpha = 1.0 - smoothstep(1.0 - edge, 1.0, r);
  if (alpha < 0.02) discard;
  // A rim, so that single dots stand out on surfaces of any colour.
  float rim = uRimmed ? smoothstep(0.62 - edge, 0.62, r) : 0.0;
  gl_FragColor = vec4(mix(uColor, uRim, rim), alpha * uOpacity);
  #include <colorspace_fragment>
}`;

/**
 * Round points of constant size on the screen.
 *
 * @example
 * const dots = new Dots('#ffffff', 2);
 * dots.setPositions(Float32Array.of(0, 0, 0));
 * scene.add(dots);
 */
export class Dots extends Points<BufferGeometry, ShaderMaterial> {
  constructor(color: ColorRepresentation, size: number, opacity = 1, rimmed = false) {
    super(
      new BufferGeometry(),
      new ShaderMaterial({
        vertexShader: VERTEX,
        fragmentShader: FRAGMENT,
        transparent: true,
        depthWrite: false,
        uniforms: {
          uColor: { value: new Color(color) },
          uRim: { value: new Color(0x10151d) },
          uSize: { value: size },
          uOpacity: { value: opacity },
          uRimmed: { value: rimmed },
        },
      }),
    );
    this.frustumCulled = false;
    this.renderOrder = 6;
  }

  /** @param pixels diameter in device pixels */
  set pixels(pixels: number) {
    this.material.uniforms['uSize']!.value = Math.max(1.5, pixels);
  }

  set color(color: ColorRepresentation) {
    (this.material.uniforms['uColor']!.value as Color).set(color);
  }

  /** Replaces the points: 3·N, metres. */
  setPositions(positions: Float32Array<ArrayBuffer>): void {
    const before = this.geometry.getAttribute('position') as BufferAttribute | undefined;
    if (before && before.array.length >= positions.length) {
      (before.array as Float32Array).set(positions);
      before.clearUpdateRanges();
      before.addUpdateRange(0, positions.length);
      before.needsUpdate = true;
    } else {
      this.geometry.dispose();
      this.geometry = new BufferGeometry();
      const room = new Float32Array(3 * Math.ceil((1.3 * positions.length) / 3));
      room.set(positions);
      this.geometry.setAttribute('position', new BufferAttribute(room, 3));
      // Only three.js' sorting asks for it; the true one would be computed anew for every scan.
      this.geometry.boundingSphere = new Sphere(new Vector3(), Infinity);
    }
    this.geometry.setDrawRange(0, positions.length / 3);
  }
}
