import type { ActorAnswer, StandingReport } from "@tandem/actor";
import { err, type Json, type Millis, ok, type Result } from "@tandem/base";
import {
  describeQueryError,
  getActorState,
  type ServicePath,
  type SimpleClient,
  SwbusErrorCode,
} from "@tandem/swbus/edge";
import { type RecordsPage, readActors, readPage } from "./records.js";
import { QUESTION_TYPE } from "./serve-questions.js";
import { type RepairAnswer, readRepair, readStanding } from "./standing.js";
import { type HamgrdStatus, readStatus } from "./status.js";

/** Why a hamgrd did not answer. `foreign`: one is there that does not know the question, e.g. upstream's. */
export interface AskError {
  readonly kind: "absent" | "foreign" | "failed";
  readonly text: string;
}

/** Asks the hamgrds behind a client; `node` is the swbusd of the slot. */
export class HamgrdQuestions {
  readonly #client: SimpleClient;
  readonly #within: Millis;

  constructor(client: SimpleClient, within: Millis) {
    this.#client = client;
    this.#within = within;
  }

  status(node: ServicePath): Promise<Result<HamgrdStatus, AskError>> {
    return this.#ask(node, "status", readStatus);
  }

  standing(node: ServicePath): Promise<Result<StandingReport, AskError>> {
    return this.#ask(node, "standing", readStanding);
  }

  /** Actors whose name (`<type>/<id>`) has a part; all for an empty one. */
  actors(node: ServicePath, name: string): Promise<Result<readonly ActorAnswer[], AskError>> {
    return this.#ask(node, "actors", readActors, { name });
  }

  /** One page of records; see `Asking.records`. */
  records(node: ServicePath, args: Readonly<Record<string, string>>): Promise<Result<RecordsPage, AskError>> {
    return this.#ask(node, "records", readPage, args);
  }

  /** Has rows written again that it stands for, and rows deleted that nobody stands for. */
  repair(node: ServicePath, rows: Readonly<Record<"rewrite" | "discard", readonly string[]>>) {
    const args = { rewrite: JSON.stringify(rows.rewrite), discard: JSON.stringify(rows.discard) };
    return this.#ask<RepairAnswer>(node, "repair", readRepair, args);
  }

  async #ask<T>(
    node: ServicePath,
    question: string,
    read: (answer: Json) => Result<T, string>,
    args: Readonly<Record<string, string>> = {},
  ): Promise<Result<T, AskError>> {
    const path = node.swbusdPath.withService("hamgrd", "0").withResource(QUESTION_TYPE, question);
    const text = await getActorState(this.#client, path, this.#within, args);
    if (!text.ok) {
      const { error } = text;
      const unknown =
        error.kind === "answered" &&
        [SwbusErrorCode.NO_ROUTE, SwbusErrorCode.RESOURCE_NOT_FOUND, SwbusErrorCode.INVALID_ARGS].includes(error.code);
      return err(unknown ? await this.#whoIsThere(node) : { kind: "failed", text: describeQueryError(error) });
    }
    const answer = parseJson(text.value);
    if (answer === undefined) return err({ kind: "failed", text: `${path}: the answer is no JSON` });
    const result = read(answer);
    return result.ok ? ok(result.value) : err({ kind: "failed", text: `${path}: ${result.error}` });
  }

  /** Every build of hamgrd answers pings at its service's path. */
  async #whoIsThere(node: ServicePath): Promise<AskError> {
    const path = node.swbusdPath.withService("hamgrd", "0");
    const ping = await this.#client.request(path, { kind: "ping" }, { timeout: this.#within });
    return ping.ok && ping.value.code === SwbusErrorCode.OK
      ? { kind: "foreign", text: `the hamgrd at ${path} is another build, which does not know the question` }
      : { kind: "absent", text: `no hamgrd is connected to ${node.swbusdPath}` };
  }
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
