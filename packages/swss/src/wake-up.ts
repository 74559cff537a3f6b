/** "There may be something": a flag that a reader waits for. Raising it twice before it is seen is raising it once. */
export class WakeUp {
  #raised = false;
  #closed = false;
  #waiters: ((raised: boolean) => void)[] = [];

  get closed(): boolean {
    return this.#closed;
  }

  raise(): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter(true);
    else this.#raised = true;
  }

  /** Every later and present `wait` gives false. */
  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters.splice(0)) waiter(false);
  }

  /** True when raised, which lowers it; false when closed. Rejects only when `signal` aborts. */
  wait(signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closed) return Promise.resolve(false);
    if (this.#raised) {
      this.#raised = false;
      return Promise.resolve(true);
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(signal?.reason);
      };
      const waiter = (raised: boolean): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve(raised);
      };
      this.#waiters.push(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}
