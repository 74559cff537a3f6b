/** Longest line between syncd and the ASIC; a longer one ends the connection. */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

/** First line of a server: that it is an ASIC, the version of these lines, and the chip's life. */
export interface Hello {
  readonly asic: 1;
  readonly boot: string;
}

/** Cuts a byte stream into lines. */
export class LineCutter {
  #rest: Buffer[] = [];
  #size = 0;

  /** The lines that `chunk` ends; `undefined` when one is longer than allowed. */
  push(chunk: Buffer): readonly string[] | undefined {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      lines.push(Buffer.concat([...this.#rest, chunk.subarray(from, at)]).toString("utf8"));
      this.#rest = [];
      this.#size = 0;
      from = at + 1;
    }
    if (from < chunk.length) {
      this.#rest.push(chunk.subarray(from));
      this.#size += chunk.length - from;
    }
    return this.#size > LINE_BYTES_MAX ? undefined : lines;
  }
}
