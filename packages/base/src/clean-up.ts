/** What has to be ended, in the reverse order of its beginning. (AsyncDisposableStack is not in Node 20.) */
export class CleanUp implements AsyncDisposable {
  readonly #work: (() => void | Promise<void>)[] = [];

  use<T extends AsyncDisposable>(resource: T): T {
    this.#work.push(() => Promise.resolve(resource[Symbol.asyncDispose]()));
    return resource;
  }

  defer(work: () => void | Promise<void>): void {
    this.#work.push(work);
  }

  /** All of it, also behind work that throws; then throws what that threw. */
  async [Symbol.asyncDispose](): Promise<void> {
    const thrown: unknown[] = [];
    for (const work of this.#work.splice(0).reverse()) {
      try {
        await work();
      } catch (error) {
        thrown.push(error);
      }
    }
    if (thrown.length > 1) throw new AggregateError(thrown, "several clean-ups failed");
    if (thrown.length === 1) throw thrown[0];
  }
}
