import type { EdgeRuntime, ServicePath } from "@tandem/swbus/edge";

/** Paths of one service's actors, each built once: they are compared and sent with every message. */
export class ActorPaths {
  readonly #base: ServicePath;
  readonly #paths = new Map<string, ServicePath>();

  constructor(edge: EdgeRuntime) {
    this.#base = edge.basePath;
  }

  of(type: string, id: string): ServicePath {
    const name = `${type}/${id}`;
    let path = this.#paths.get(name);
    if (path === undefined) {
      path = this.#base.withResource(type, id);
      this.#paths.set(name, path);
    }
    return path;
  }

  forget(type: string, id: string): void {
    this.#paths.delete(`${type}/${id}`);
  }
}
