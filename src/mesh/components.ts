/** In place of the number of a vertex that is left out. */
export const LEFT_OUT = 0xffffffff;

/**
 * Which connected pieces of a mesh have triangles enough; pieces are connected through shared vertices. The mesh itself is
 * not needed for it: only which vertices its triangles have.
 *
 * @example
 * const pieces = new Pieces(4);
 * pieces.triangle(0, 1, 2);
 * pieces.renumber(2); // { numbers: all LEFT_OUT, count: 0 }: one triangle is fewer than two
 */
export class Pieces {
  readonly #parent: Uint32Array;
  /** Of each vertex, the triangles that have it as their first corner. */
  readonly #triangles: Uint32Array;

  constructor(vertices: number) {
    this.#parent = new Uint32Array(vertices);
    this.#triangles = new Uint32Array(vertices);
    for (let i = 0; i < vertices; i++) this.#parent[i] = i;
  }

  /** Connects three vertices. */
  triangle(a: number, b: number, c: number): void {
    this.#triangles[a]!++;
    this.#join(this.#join(this.#root(a), this.#root(b)), this.#root(c));
  }

  /**
   * New numbers of the vertices, in order: LEFT_OUT in pieces of fewer than `minTriangles`. To be asked once: the work is
   * done in the memory that the pieces had.
   *
   * @returns `numbers`: V; `count`: vertices that stay
   */
  renumber(minTriangles: number): { numbers: Uint32Array; count: number } {
    const [parent, triangles] = [this.#parent, this.#triangles];
    // Roots come before what belongs to them: a root is never greater than its members.
    for (let i = 0; i < parent.length; i++) {
      const root = (parent[i] = this.#root(i));
      if (root !== i) triangles[root]! += triangles[i]!;
    }
    let count = 0;
    for (let i = 0; i < parent.length; i++)
      parent[i] = triangles[parent[i]!]! < minTriangles ? LEFT_OUT : count++;
    return { numbers: parent, count };
  }

  #join(a: number, b: number): number {
    const smaller = Math.min(a, b);
    this.#parent[Math.max(a, b)] = smaller;
    return smaller;
  }

  #root(vertex: number): number {
    const parent = this.#parent;
    while (parent[vertex] !== vertex) {
      parent[vertex] = parent[parent[vertex]!]!; // path halving
      vertex = parent[vertex]!;
    }
    return vertex;
  }
}
