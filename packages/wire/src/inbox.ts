/**
 * Messages that arrived and were not read yet. One reader takes all of them at once.
 *
 * Bounded by its owner: `onRoom` tells when a reader has emptied it, so that the owner can go on receiving.
 */
export class Inbox implements AsyncIterable<readonly Uint8Array[]> {
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  readonly #onRoom: (bytes: number) => void;

  constructor(onRoom: (bytes: number) => void) {
    this.#onRoom = onRoom;
  }

  /** Bytes that wait for the reader. */
  get bytes(): number {
    return this.#bytes;
  }

  push(messages: readonly Uint8Array[]): void {
    if (this.#ended || messages.length === 0) return;
    for (const message of messages) {
      this.#messages.push(message);
      this.#bytes += message.length;
    }
    this.#wakeReader();
  }

  /** Nobody will read what is here. */
  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
  }

  /** What was pushed before can still be read. */
  end(): void {
    this.#ended = true;
    this.#wakeReader();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Uint8Array[]> {
    for (;;) {
      if (this.#messages.length > 0) {
        const batch = this.#messages;
        const bytes = this.#bytes;
        this.#messages = [];
        this.#bytes = 0;
        this.#onRoom(bytes);
        yield batch;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
