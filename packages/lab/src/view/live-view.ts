import { type Clock, type Millis, millis, type Timer } from "@tandem/base";
import type { HostedProcess } from "@tandem/daemon";
import type { Cluster } from "../cluster/cluster.js";
import type { LabEvent } from "../lab-event.js";
import { eventLines } from "./event-lines.js";
import { type FrameSize, type FrameTitle, tableLines, wrap } from "./frame.js";
import { RESTORE, Screen } from "./screen.js";
import { EMPTY_SNAPSHOT, type LabSnapshot, type ProcessRow, type StyledLine } from "./snapshot.js";
import { SnapshotTaker } from "./take-snapshot.js";

/** The terminal that the lab may draw on. */
export interface LabTerminal {
  readonly size: FrameSize;
  write(text: string): void;
  /** Returns the unsubscriber. */
  onResize(listener: () => void): () => void;
  /** Writes at once, also while the process ends. */
  onExit(text: string): () => void;
}

/** Between two drawings. */
const REDRAW: Millis = millis(100);
/** Between two looks at the processes' memory. */
const LOOK: Millis = millis(1000);
/** Events that may wait for the next drawing; beyond, the screen is drawn at once. */
const WAITING_MAX = 200;

/** The live view of a lab: a table that redraws, events below it. Ends with the terminal as it was, events in its history. */
export class LiveView implements Disposable {
  readonly #terminal: LabTerminal;
  readonly #clock: Clock;
  readonly #screen: Screen;
  readonly #from: Millis;
  readonly #stops: (() => void)[] = [];
  readonly #memory = new Map<string, number>();
  #taker: SnapshotTaker | undefined;
  #listProcesses: () => readonly HostedProcess[] = () => [];
  readonly #known = new Set<string>();
  #waiting: StyledLine[] = [];
  #snapshot: LabSnapshot = EMPTY_SNAPSHOT;
  #story = "";
  #stage = "";
  #redraw: Timer | undefined;
  #look: Timer | undefined;
  #ended = false;

  constructor(terminal: LabTerminal, clock: Clock, colours: boolean) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#from = clock.monotonic();
    this.#screen = new Screen(terminal.size, colours);
    terminal.write(this.#screen.start());
    this.#stops.push(
      terminal.onExit(RESTORE),
      terminal.onResize(() => this.#resized()),
    );
    this.#arm();
  }

  /** Shows this cluster from now on. */
  watch(cluster: Cluster, processes: () => readonly HostedProcess[]): void {
    this.#taker = new SnapshotTaker(cluster);
    this.#listProcesses = processes;
    void this.#measure();
  }

  /** The cluster is going: its last state stays shown. */
  unwatch(): void {
    this.#taker = undefined;
    this.#look?.cancel();
  }

  tell(event: LabEvent): void {
    if (event.kind === "starting") this.#story = event.story;
    if (event.kind === "stage") this.#stage = event.title;
    if (event.kind === "receipt") this.#stage = "told to its end";
    if (event.kind === "addresses") this.#stage = "the cluster stays up until Ctrl-C";
    this.#add(eventLines(event, this.#terminal.size.columns - 1));
  }

  complain(line: string): void {
    this.#add(line.split("\n").map((text) => ({ text, tone: "bad" })));
  }

  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#draw();
    this.#ended = true;
    this.#redraw?.cancel();
    this.#look?.cancel();
    for (const stop of this.#stops) stop();
    this.#terminal.write(this.#screen.end(this.#table()));
  }

  #add(lines: readonly StyledLine[]): void {
    this.#waiting.push(...lines.flatMap((line) => wrap(line, this.#terminal.size.columns)));
    if (this.#waiting.length > WAITING_MAX) this.#draw();
  }

  #arm(): void {
    this.#redraw = this.#clock.setTimer(REDRAW, () => {
      this.#draw();
      this.#arm();
    });
  }

  #draw(): void {
    if (this.#ended) return;
    if (this.#taker !== undefined) this.#snapshot = this.#taker.take(this.#rows());
    const text = this.#screen.update(this.#table(), this.#waiting);
    this.#waiting = [];
    if (text !== "") this.#terminal.write(text);
  }

  #resized(): void {
    this.#terminal.write(this.#screen.resize(this.#terminal.size));
    this.#draw();
  }

  #table(): readonly StyledLine[] {
    const elapsedMs = this.#clock.monotonic() - this.#from;
    const title: FrameTitle = { story: this.#story, stage: this.#stage, elapsedMs };
    return tableLines(title, this.#snapshot, this.#terminal.size);
  }

  /** Processes that run or once ran. */
  #rows(): readonly ProcessRow[] {
    const running = new Set<string>();
    for (const process of this.#listProcesses()) {
      this.#known.add(process.name);
      if (process.running) running.add(process.name);
    }
    return [...this.#known].map((name) => {
      return { name, running: running.has(name), memory: this.#memory.get(name) ?? 0 };
    });
  }

  async #measure(): Promise<void> {
    for (const process of this.#listProcesses()) this.#memory.set(process.name, await process.memory());
    if (this.#ended || this.#taker === undefined) return;
    this.#look = this.#clock.setTimer(LOOK, () => void this.#measure());
  }
}
