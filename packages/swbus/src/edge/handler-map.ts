import type { ServicePath } from "../service-path.js";
import type { Handler, Origin, Visibility } from "./types.js";

interface Registration {
  readonly visibility: Visibility;
  readonly handler: Handler;
}

/** Who takes messages for which path, in one process. */
export class HandlerMap {
  readonly #registered = new Map<string, Registration>();

  /** The newest registration of a path counts; removing an older one leaves it alone. */
  register(path: ServicePath, visibility: Visibility, handler: Handler): () => void {
    const registration = { visibility, handler };
    this.#registered.set(path.key, registration);
    return () => {
      if (this.#registered.get(path.key) === registration) this.#registered.delete(path.key);
    };
  }

  /** The handler of exactly this path, else of its resource type, else of its service. */
  find(destination: ServicePath, origin: Origin): Handler | undefined {
    const exact = this.#at(destination, origin);
    if (exact !== undefined) return exact;
    if (destination.resourceId !== "") {
      const ofType = this.#at(destination.resourceTypePath, origin);
      if (ofType !== undefined) return ofType;
    }
    if (destination.resourceType === "") return undefined;
    return this.#at(destination.servicePath, origin);
  }

  #at(path: ServicePath, origin: Origin): Handler | undefined {
    const found = this.#registered.get(path.key);
    return found === undefined || (found.visibility === "private" && origin === "bus") ? undefined : found.handler;
  }
}
