import { BoundedQueue } from "@tandem/base";

/** One piece of work at a time, in the order of coming: the single worker of RFC 5/HAX. */
export class StrictLine {
  readonly #queue: BoundedQueue<() => Promise<void>>;

  constructor(limit: number) {
    this.#queue = new BoundedQueue(limit);
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** False: the line is full. */
  add(work: () => Promise<void>): boolean {
    return this.#queue.tryPush(work).ok;
  }

  /** Until it is closed. */
  async run(): Promise<void> {
    for await (const work of this.#queue) await work();
  }

  close(): void {
    while (this.#queue.tryShift() !== undefined);
    this.#queue.close();
  }
}
