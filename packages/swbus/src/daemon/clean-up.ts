/** What has to be ended, in the reverse order of its beginning. */
export class CleanUp implements AsyncDisposable {
  readonly #work: (() => void | Promise<void>)[] = [];

  use(resource: AsyncDisposable): void {
    this.#work.push(() => Promise.resolve(resource[Symbol.asyncDispose]()));
  }

  defer(work: () => void): void {
    this.#work.push(work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const work of this.#work.splice(0).reverse()) await work();
  }
}
