/**
 * Gathers what is given within one turn of the event loop, and hands it over together: at the end of the turn's
 * synchronous work, or as soon as `limit` pieces wait. Each caller gets the outcome of the batch that its piece was in.
 */
export class TurnBatch<Piece, Outcome> {
  readonly #limit: number;
  readonly #handOver: (pieces: readonly Piece[]) => Promise<Outcome>;
  #open: OpenBatch<Piece, Outcome> | undefined;

  constructor(limit: number, handOver: (pieces: readonly Piece[]) => Promise<Outcome>) {
    this.#limit = limit;
    this.#handOver = handOver;
  }

  add(piece: Piece): Promise<Outcome> {
    this.#open ??= this.#begin();
    const { pieces, outcome } = this.#open;
    pieces.push(piece);
    if (pieces.length >= this.#limit) this.flush();
    return outcome;
  }

  /** Hands over what waits, so that what the caller does next comes after it. */
  flush(): void {
    const batch = this.#open;
    this.#open = undefined;
    batch?.settle(this.#handOver(batch.pieces));
  }

  #begin(): OpenBatch<Piece, Outcome> {
    let settle: (outcome: Promise<Outcome>) => void = () => {};
    const outcome = new Promise<Outcome>((resolve) => {
      settle = resolve;
    });
    const batch = { pieces: [], outcome, settle };
    queueMicrotask(() => {
      if (this.#open === batch) this.flush();
    });
    return batch;
  }
}

interface OpenBatch<Piece, Outcome> {
  readonly pieces: Piece[];
  readonly outcome: Promise<Outcome>;
  readonly settle: (outcome: Promise<Outcome>) => void;
}
