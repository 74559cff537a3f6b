import { err, mapOk, type Result } from "@tandem/base";
import { type FieldsInput, pushFlat } from "./field-values.js";
import type { Store } from "./store.js";
import type { WriteError } from "./table-error.js";

/** Publishes notifications. Nothing is stored: who does not listen now never gets it. */
export class NotificationProducer {
  readonly store: Store;
  readonly channel: string;

  /** `channel` is the name on the wire, nothing is added to it. */
  constructor(store: Store, channel: string) {
    this.store = store;
    this.channel = channel;
  }

  /** The number of listeners that it reached. */
  async send(op: string, data: string, fields: FieldsInput = []): Promise<Result<number, WriteError>> {
    const list = [op, data];
    pushFlat(list, fields);
    const binary = list.find((text) => !text.isWellFormed());
    if (binary !== undefined) {
      const detail = `UTF-8 was expected in every element of ${op}`;
      return err({ kind: "invalidChange", db: this.store.db.name, table: this.channel, key: data, detail });
    }
    return mapOk(await this.store.command(["PUBLISH", this.channel, JSON.stringify(list)]), Number);
  }
}
