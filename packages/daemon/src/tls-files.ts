import { type Clock, err, type Files, type Millis, ok, type Result, seconds, type Timer } from "@tandem/base";
import { type CertificateFacts, checkTls, type TlsFacts, type TlsFault, type TlsTriple } from "./certificate-check.js";

/** What becomes of the files of a certificate. */
export type TlsEvent =
  | { readonly kind: "loaded"; readonly subject: string; readonly names: string; readonly validTo: number }
  /** The files cannot be used as they are; the last good ones stay in force. */
  | { readonly kind: "unusable"; readonly path: string; readonly detail: string }
  /** Told at 30 days, 7 days, one day, and when it is over. */
  | { readonly kind: "expiring"; readonly path: string; readonly subject: string; readonly left: Millis };

export interface TlsFilesOptions {
  readonly paths: TlsTriple;
  readonly files: Files;
  readonly clock: Clock;
  /** Must not throw. */
  readonly observer: (event: TlsEvent) => void;
}

/** How often the files are looked at. */
const LOOK = seconds(2);

const DAY = 24 * 60 * 60 * 1000;

/** Time left at which an end is told ahead; 0 is the end itself. */
const STAGES = [30 * DAY, 7 * DAY, DAY, 0];

/** Opens the files of a certificate; the error is one line. From then on changes are taken up, if they are usable. */
export async function openTlsFiles(options: TlsFilesOptions): Promise<Result<TlsFiles, string>> {
  const read = await readTriple(options.files, options.paths);
  if (!read.ok) return err(describeFault(options.paths, read.error));
  const facts = checkTls(read.value, options.clock.now());
  if (!facts.ok) return err(describeFault(options.paths, facts.error));
  return ok(new TlsFiles(options, read.value, facts.value));
}

/** Certificate, key and CAs of a process, as they stand in files that others replace. */
export class TlsFiles {
  readonly #options: TlsFilesOptions;
  #current: TlsTriple;
  #facts: TlsFacts;
  /** What was read last and could not be used. */
  #bad: { readonly said: string; told: boolean } | undefined;
  /** The stage of each certificate that was told, by its place in the facts. */
  #told: readonly number[] = [];
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  /** Made by `openTlsFiles`. */
  constructor(options: TlsFilesOptions, first: TlsTriple, facts: TlsFacts) {
    this.#options = options;
    this.#current = first;
    this.#facts = facts;
    this.#takeUp(first, facts);
    this.#arm();
  }

  /** The same object until other texts are in force. */
  get current(): TlsTriple {
    return this.#current;
  }

  /** When the first of our certificate and the CAs' ends, milliseconds since the epoch. */
  get validTo(): number {
    return Math.min(...this.#facts.map(({ validTo }) => validTo));
  }

  /** The subject alternative names of our certificate, in Node's text form. */
  get names(): string {
    return this.#facts[0].names;
  }

  /** Reads the files now (SIGHUP). */
  reload(): Promise<void> {
    this.#work = this.#work.then(() => this.#look(true));
    return this.#work;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer = this.#options.clock.setTimer(LOOK, () => {
      this.#work = this.#work.then(async () => {
        await this.#look(false);
        if (!this.#stopped) this.#arm();
      });
    });
  }

  async #look(asked: boolean): Promise<void> {
    const { files, paths, clock } = this.#options;
    const read = await readTriple(files, paths);
    if (this.#stopped) return;
    const now = clock.now();
    if (read.ok && sameTexts(read.value, this.#current)) this.#bad = undefined;
    else {
      const facts = read.ok ? checkTls(read.value, now) : read;
      if (read.ok && facts.ok) this.#takeUp(read.value, facts.value);
      else if (!facts.ok) this.#refuse(facts.error, asked);
    }
    this.#tellEnds(now);
  }

  #takeUp(texts: TlsTriple, facts: TlsFacts): void {
    this.#current = texts;
    this.#facts = facts;
    this.#bad = undefined;
    this.#told = [];
    const [{ subject, names, validTo }] = facts;
    this.#options.observer({ kind: "loaded", subject, names, validTo });
    this.#tellEnds(this.#options.clock.now());
  }

  /** Files that are replaced one after the other do not fit for a moment: a fault is told when it is there twice. */
  #refuse(fault: TlsFault, asked: boolean): void {
    const said = `${fault.file} ${fault.detail}`;
    const seen = this.#bad?.said === said;
    if (!seen) this.#bad = { said, told: false };
    if (this.#bad === undefined || this.#bad.told || !(seen || asked)) return;
    this.#bad.told = true;
    this.#options.observer({ kind: "unusable", path: this.#options.paths[fault.file], detail: fault.detail });
  }

  #tellEnds(now: number): void {
    this.#told = this.#facts.map((facts, i) => this.#tellEnd(facts, now, this.#told[i] ?? 0));
  }

  /** The number of stages that are passed, of which the last is told. */
  #tellEnd({ file, subject, validTo }: CertificateFacts, now: number, before: number): number {
    const left = validTo - now;
    const passed = STAGES.filter((stage) => left <= stage).length;
    if (passed > before)
      this.#options.observer({
        kind: "expiring",
        path: this.#options.paths[file],
        subject,
        left: Math.max(0, left) as Millis,
      });
    return Math.max(passed, before);
  }
}

/** One line of an event for an operator. */
export function describeTlsEvent(event: TlsEvent): string {
  switch (event.kind) {
    case "loaded":
      return `TLS: certificate of ${event.subject} (${event.names || "without names"}) in force for new connections, valid to ${new Date(event.validTo).toISOString()}`;
    case "unusable":
      return `TLS: ${event.path}: ${event.detail}; the last good files stay in force`;
    case "expiring":
      return event.left === 0
        ? `TLS: ${event.path}: ${event.subject} has expired; new connections fail until the file is replaced, those that stand go on`
        : `TLS: ${event.path}: ${event.subject} expires in ${inWords(event.left)}; replace the file before that`;
  }
}

/** How bad an event is. */
export function severityOfTlsEvent(event: TlsEvent): "info" | "warn" | "error" {
  if (event.kind === "loaded") return "info";
  return event.kind === "expiring" && event.left > DAY ? "warn" : "error";
}

function inWords(left: number): string {
  const days = Math.floor(left / DAY);
  const hours = Math.floor(left / (60 * 60 * 1000));
  return days >= 2 ? `${days} days` : hours >= 2 ? `${hours} hours` : `${Math.ceil(left / 60_000)} minutes`;
}

function describeFault(paths: TlsTriple, { file, detail }: TlsFault): string {
  return `${paths[file]}: ${detail}`;
}

function sameTexts(a: TlsTriple, b: TlsTriple): boolean {
  return a.cert === b.cert && a.key === b.key && a.ca === b.ca;
}

async function readTriple(files: Files, paths: TlsTriple): Promise<Result<TlsTriple, TlsFault>> {
  const texts: Record<keyof TlsTriple, string> = { cert: "", key: "", ca: "" };
  for (const file of ["cert", "key", "ca"] as const) {
    const text = await files.read(paths[file]);
    if (!text.ok) return err({ file, detail: text.error.kind === "notFound" ? "no such file" : text.error.detail });
    texts[file] = text.value;
  }
  return ok(texts);
}
