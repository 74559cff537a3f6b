/** An event that a process told hax, in one of its lives. */
export interface SentEvent {
  readonly life: number;
  readonly tag: string;
  /** `STARTED`, as Motr calls it. */
  readonly event: string;
  /** Wall time in milliseconds. */
  readonly at: number;
  /** hax has said that it will not be lost. */
  acknowledged: boolean;
}

export interface Entrypoint {
  readonly at: number;
  readonly control: "CONSUME" | "QUERY";
  readonly confds: number;
  readonly quorum: number;
  readonly rm: string;
}

/** What one process has gone through, over all its lives, as it said itself. */
export class ProcessLedger {
  readonly sent: SentEvent[] = [];
  readonly entrypoints: Entrypoint[] = [];
  /** States that it was told, oldest first; at most `TOLD_MAX`, the oldest go. */
  readonly told: { readonly at: number; readonly fid: string; readonly state: string }[] = [];
  life = 0;
  repeats = 0;
  linked = false;
  /** When its last question for states was answered. */
  answeredAt = 0;
  answers = 0;
  panic: string | undefined;

  /** A new process begins. */
  born(): void {
    this.life += 1;
    this.linked = false;
  }

  /** One line of `tandem hax m0d --json`; anything else is no news. */
  take(text: string): void {
    const line = parse(text);
    const at = Date.parse(String(line?.["time"]));
    if (line === undefined || Number.isNaN(at)) return;
    switch (line["kind"]) {
      case "sent":
        this.#sent(line, at);
        return;
      case "delivered": {
        const event = this.#find(String(line["tag"]));
        if (event !== undefined) event.acknowledged = true;
        return;
      }
      case "entrypointAnswered":
        this.entrypoints.push({
          ...{ at, control: line["control"] === "CONSUME" ? "CONSUME" : "QUERY", rm: String(line["rmFid"]) },
          ...{ confds: (line["confds"] as readonly unknown[]).length, quorum: Number(line["quorum"]) },
        });
        return;
      case "received":
        for (const { fid, state } of notesOf(line)) this.told.push({ at, fid, state });
        if (this.told.length > TOLD_MAX) this.told.splice(0, this.told.length - TOLD_MAX);
        return;
      case "linked":
        this.linked = true;
        return;
      case "unlinked":
      case "lost":
        this.linked = false;
        return;
      case "getAnswered":
        this.answers += 1;
        this.answeredAt = at;
        return;
      case "panic":
        this.panic = String(line["why"]);
        return;
      default:
        return;
    }
  }

  /** Events of this life that hax has not acknowledged. */
  get open(): number {
    return this.sent.filter(({ life, acknowledged }) => life === this.life && !acknowledged).length;
  }

  /** What it was told last of an object. */
  lastTold(fid: string): string | undefined {
    return this.told.findLast((each) => each.fid === fid)?.state;
  }

  /** When it was first told that of an object, from a time on. */
  toldAt(fid: string, state: string, from: number): number | undefined {
    return this.told.find((each) => each.at >= from && each.fid === fid && each.state === state)?.at;
  }

  /** Tags are of one life. */
  #find(tag: string): SentEvent | undefined {
    return this.sent.findLast((each) => each.life === this.life && each.tag === tag);
  }

  #sent(line: Fields, at: number): void {
    const data = member(member(line, "message"), "data");
    if (member(data, "type") !== "EVENT_PROCESS") return;
    const tag = String(line["tag"]);
    // A link that stands again begins with what was not acknowledged.
    if (this.#find(tag) !== undefined) this.repeats += 1;
    else this.sent.push({ life: this.life, tag, event: String(member(data, "event")), at, acknowledged: false });
  }
}

const TOLD_MAX = 100_000;

type Fields = Readonly<Record<string, unknown>>;

function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function notesOf(line: Fields): readonly { readonly fid: string; readonly state: string }[] {
  const data = member(member(line, "message"), "data");
  const notes = member(data, "type") === "NVEC" ? member(data, "notes") : undefined;
  return Array.isArray(notes) ? notes : [];
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Fields)[name] : undefined;
}
