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

  async [Symbol.asyncDispose](): Promise<void> {
    for (const work of this.#work.splice(0).reverse()) await work();
  }
}
