/** Generated objects on a table: their exact shape, for touching, rendering, training and evaluation. */
export {
  makeObject,
  OBJECT_FAMILIES,
  placedObject,
  SIZE_RANGE,
  TRAINED_FAMILIES,
  UNSEEN_FAMILIES,
  type ObjectFamily,
  type ObjectOptions,
  type SimObject,
} from './object.js';
export { objectMesh } from './object-mesh.js';
