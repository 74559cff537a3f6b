import {
  type BackoffLimits,
  backoffDelay,
  type Clock,
  err,
  millis,
  ok,
  type Random,
  type Result,
  seconds,
  type Timer,
} from "@tandem/base";
import { type Connect, type Connection, describeError, type Settle, SubscriptionRefused } from "./connection.js";
import { scriptSha } from "./script-sha.js";
import type { Command, MessageListener, Reply, Script, StoreError } from "./store.js";
import { StoreSubscriber, type SubscriptionKind, SubscriptionTable } from "./store-subscriber.js";

/** Delays between attempts to connect. */
const RECONNECT: BackoffLimits = { first: millis(10), max: seconds(1) };

/** A PING goes out this often; a connection that leaves one unanswered until the next is dropped. */
const ALIVE_INTERVAL = seconds(5);

/** Commands that may wait for their replies on one connection. */
export const IN_FLIGHT_MAX = 65_536;

/** What a link tells its stores. */
export interface LinkListener {
  onConnect(): void;
  onDisconnect(detail: string): void;
}

export interface LinkOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Default `IN_FLIGHT_MAX`. */
  readonly inFlightMax?: number;
}

/** One life of a link: its connections, and the scripts that were loaded over them. */
interface Session {
  readonly commands: Connection;
  /** Opened by the first subscription. */
  subscriber: Promise<StoreSubscriber> | undefined;
  readonly loaded: Set<string>;
  /** Gives up one subscription that is being made. */
  readonly subscribing: Set<(reason: Error) => void>;
  /** Why it ended, once it has. */
  ended: string | undefined;
}

/**
 * The connections of one process to one database, shared by its stores: one for commands, one for subscriptions. Both
 * live and die together, so a reader that re-reads on `onConnect` has missed nothing.
 */
export class StoreLink {
  readonly #connectOnce: Connect;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limit: number;
  readonly #listeners = new Set<LinkListener>();
  readonly #table = new SubscriptionTable();
  #session: Session | undefined;
  #detail = "still connecting";
  #inFlight = 0;
  #attempt = 0;
  #closed = false;
  #timer: Timer | undefined;
  readonly #settled = (): void => {
    this.#inFlight -= 1;
  };

  constructor(connect: Connect, { clock, random, inFlightMax = IN_FLIGHT_MAX }: LinkOptions) {
    this.#connectOnce = connect;
    this.#clock = clock;
    this.#random = random;
    this.#limit = inFlightMax;
    void this.#connect();
  }

  get connected(): boolean {
    return this.#session !== undefined;
  }

  get changes(): number | undefined {
    return this.#session?.commands.changes;
  }

  listen(listener: LinkListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  command(db: string, command: Command): Promise<Result<Reply, StoreError>> {
    const refusal = this.#admit(db, 1);
    return refusal === undefined ? this.#send(db, command) : Promise.resolve(err(refusal));
  }

  async pipeline(
    db: string,
    commands: readonly Command[],
  ): Promise<Result<readonly Result<Reply, StoreError>[], StoreError>> {
    const refusal = this.#admit(db, commands.length);
    if (refusal !== undefined) return err(refusal);
    const results = await this.#sendAll(db, commands);
    const lost = results.find((result) => !result.ok && result.error.kind === "disconnected");
    return lost !== undefined && !lost.ok ? lost : ok(results);
  }

  async multi(db: string, commands: readonly Command[]): Promise<Result<readonly Reply[], StoreError>> {
    const refusal = this.#admit(db, commands.length + 2);
    if (refusal !== undefined) return err(refusal);
    const queued = [this.#send(db, ["MULTI"]), ...commands.map((command) => this.#send(db, command))];
    const replies = await this.#send(db, ["EXEC"]);
    for (const result of await Promise.all(queued)) if (!result.ok) return result;
    return replies as Result<readonly Reply[], StoreError>;
  }

  run(
    db: string,
    script: Script,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<Result<Reply, StoreError>> {
    const refusal = this.#admit(db, 2);
    if (refusal !== undefined) return Promise.resolve(err(refusal));
    const { loaded } = this.#session as Session;
    const sha = scriptSha(script);
    if (!loaded.has(sha)) {
      // Sent just before its first use, so that a connection applies scripts in call order from the start.
      loaded.add(sha);
      void this.#send(db, ["SCRIPT", "LOAD", script.lua]);
    }
    const command: [string, ...string[]] = ["EVALSHA", sha, String(keys.length)];
    for (let i = 0; i < keys.length; i++) command.push(keys[i] as string);
    for (let i = 0; i < args.length; i++) command.push(args[i] as string);
    const { packed } = script;
    return this.#send(db, command, packed, () => {
      const again = this.#admit(db, 1);
      return again === undefined
        ? this.#send(db, ["EVAL", script.lua, ...command.slice(2)], packed)
        : Promise.resolve(err(again));
    });
  }

  async subscribe(
    db: string,
    kind: SubscriptionKind,
    name: string,
    listener: MessageListener,
  ): Promise<Result<() => Promise<void>, StoreError>> {
    const command = kind === "channel" ? "SUBSCRIBE" : "PSUBSCRIBE";
    if (kind === "pattern" && !name.isWellFormed())
      return err({ kind: "refused", db, command, detail: "the pattern is not UTF-8" });
    const refusal = this.#admit(db, 1);
    if (refusal !== undefined) return err(refusal);
    this.#table.add(kind, name, listener);
    try {
      await this.#reconcile(this.#session as Session);
    } catch (error) {
      this.#table.remove(kind, name, listener);
      const detail = describeError(error);
      return err(
        error instanceof SubscriptionRefused
          ? { kind: "refused", db, command, detail }
          : { kind: "disconnected", db, detail },
      );
    }
    return ok(() => this.#unsubscribe(kind, name, listener));
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    this.#timer?.cancel();
    const session = this.#session;
    this.#session = undefined;
    this.#detail = "closed";
    if (session !== undefined) destroy(session);
  }

  #admit(db: string, count: number): StoreError | undefined {
    if (this.#session === undefined) return { kind: "disconnected", db, detail: this.#detail };
    if (this.#inFlight > 0 && this.#inFlight + count > this.#limit)
      return { kind: "queueFull", db, limit: this.#limit };
    return undefined;
  }

  /** `reload` does again what the server refused because it does not know a script. */
  #send(db: string, command: Command, packed = false, reload?: Reload): Promise<Result<Reply, StoreError>> {
    if (this.#session === undefined) return Promise.resolve(err({ kind: "disconnected", db, detail: this.#detail }));
    this.#inFlight += 1;
    return this.#session.commands.send(command, new InFlight(db, command[0], this.#settled, packed, reload));
  }

  #sendAll(db: string, commands: readonly Command[]): Promise<readonly Result<Reply, StoreError>[]> {
    const connection = this.#session?.commands;
    if (connection?.sendAll === undefined) return Promise.all(commands.map((command) => this.#send(db, command)));
    this.#inFlight += commands.length;
    return connection.sendAll(commands, (i) => new InFlight(db, (commands[i] as Command)[0], this.#settled, false));
  }

  async #unsubscribe(kind: SubscriptionKind, name: string, listener: MessageListener): Promise<void> {
    this.#table.remove(kind, name, listener);
    if (this.#session === undefined || this.#table.has(kind, name)) return;
    // A connection that ends meanwhile has no subscriptions either.
    await this.#reconcile(this.#session).catch(() => undefined);
  }

  /** Makes the subscriptions of `session` equal to the table; opens its subscribing connection when needed. */
  async #reconcile(session: Session): Promise<void> {
    if (session.subscriber === undefined) {
      session.subscriber = StoreSubscriber.open(this.#connectOnce, this.#table, (detail) => this.#end(session, detail));
      session.subscriber.catch((error: unknown) => this.#end(session, describeError(error)));
    }
    const subscriber = session.subscriber;
    // When the session ends, what it was asked for may never be answered.
    let giveUp: (reason: Error) => void = () => {};
    const given = new Promise<never>((_, reject) => {
      giveUp = reject;
    });
    session.subscribing.add(giveUp);
    try {
      await Promise.race([subscriber.then((open) => open.reconcile()), given]);
    } finally {
      session.subscribing.delete(giveUp);
    }
  }

  async #connect(): Promise<void> {
    let session: Session | undefined;
    try {
      const commands = await this.#connectOnce((detail) => {
        if (session !== undefined) this.#end(session, detail);
      });
      session = {
        commands,
        subscriber: undefined,
        loaded: new Set(),
        subscribing: new Set(),
        ended: undefined,
      };
      if (!this.#table.empty) await this.#reconcile(session);
      if (session.ended !== undefined) throw new Error(session.ended);
    } catch (error) {
      if (session !== undefined) destroy(session);
      this.#detail = describeError(error);
      this.#retry();
      return;
    }
    if (this.#closed) {
      destroy(session);
      return;
    }
    this.#session = session;
    this.#attempt = 0;
    this.#watch(session);
    for (const listener of [...this.#listeners]) listener.onConnect();
  }

  #retry(): void {
    if (this.#closed) return;
    const delay = backoffDelay(RECONNECT, this.#attempt, this.#random);
    this.#attempt += 1;
    this.#timer = this.#clock.setTimer(delay, () => void this.#connect());
  }

  /** Sends PINGs, and drops a session that does not answer them. Any answer will do, also a refusal. */
  #watch(session: Session): void {
    let waiting = 0;
    const answered = (): void => {
      waiting -= 1;
    };
    const settle: Settle<void> = { replied: answered, refused: answered, lost: answered };
    if (session.commands.answers !== true) {
      waiting += 1;
      void session.commands.send(["PING"], settle);
    }
    session.subscriber?.then(
      (subscriber) => {
        if (subscriber.answers === true) return;
        waiting += 1;
        void subscriber.ping(settle);
      },
      () => undefined,
    );
    const subscribing = [...session.subscribing];
    this.#timer = this.#clock.setTimer(ALIVE_INTERVAL, () => {
      if (waiting > 0) this.#end(session, `no answer to PING for ${ALIVE_INTERVAL} ms`);
      else if (subscribing.some((turn) => session.subscribing.has(turn))) {
        this.#end(session, `a subscription does not stand after ${ALIVE_INTERVAL} ms`);
      } else this.#watch(session);
    });
  }

  #end(session: Session, detail: string): void {
    session.ended ??= detail;
    for (const giveUp of session.subscribing) giveUp(new Error(detail));
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#detail = detail;
    this.#timer?.cancel();
    destroy(session);
    this.#retry();
    for (const listener of [...this.#listeners]) listener.onDisconnect(detail);
  }
}

function destroy(session: Session): void {
  session.commands.destroy();
  session.subscriber?.then(
    (subscriber) => subscriber.destroy(),
    () => undefined,
  );
}

type Reload = () => Promise<Result<Reply, StoreError>>;

/** Turns what becomes of one command into its result. */
class InFlight implements Settle<Result<Reply, StoreError>> {
  readonly packed: boolean;
  readonly #db: string;
  readonly #command: string;
  readonly #settled: () => void;
  readonly #reload: Reload | undefined;

  constructor(db: string, command: string, settled: () => void, packed: boolean, reload?: Reload) {
    this.#db = db;
    this.#command = command;
    this.#settled = settled;
    this.packed = packed;
    this.#reload = reload;
  }

  replied(reply: Reply): Result<Reply, StoreError> {
    this.#settled();
    return ok(reply);
  }

  refused(detail: string): Result<Reply, StoreError> | Promise<Result<Reply, StoreError>> {
    this.#settled();
    if (this.#reload !== undefined && detail.startsWith("NOSCRIPT")) return this.#reload();
    return err({ kind: "refused", db: this.#db, command: this.#command, detail });
  }

  lost(detail: string): Result<Reply, StoreError> {
    this.#settled();
    return err({ kind: "disconnected", db: this.#db, detail });
  }
}
