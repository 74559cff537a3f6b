import type { DpuRow, LabSnapshot, ProcessRow, StyledLine } from "./snapshot.js";

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

/** What stands above the table. */
export interface FrameTitle {
  readonly story: string;
  /** What the story is at; empty before it begins. */
  readonly stage: string;
  readonly elapsedMs: number;
}

/** Rows that events have at least. */
const EVENTS_MIN = 4;
/** Beyond this many processes they are told by kind. */
const PROCESSES_MAX = 16;
const GAP = 2;

interface Column {
  readonly title: string;
  readonly cell: (row: DpuRow) => string;
  /** Left out in this order when the terminal is too narrow; 0 stays. */
  readonly spare: number;
}

const COLUMNS: readonly Column[] = [
  { title: "DPU", cell: ({ name }) => name, spare: 0 },
  { title: "Planes", cell: ({ planes }) => planes, spare: 3 },
  { title: "Role", cell: ({ role }) => role, spare: 2 },
  { title: "State", cell: ({ state }) => state, spare: 0 },
  { title: "Peer", cell: ({ peer }) => peer, spare: 4 },
  { title: "BFD", cell: ({ bfd }) => bfd, spare: 6 },
  { title: "Pending", cell: ({ pending }) => pending, spare: 1 },
  { title: "Lost/s", cell: ({ lost }) => String(lost), spare: 5 },
];

/** The table above the events: as many lines as fit, none longer than the terminal is wide. */
export function tableLines(
  title: FrameTitle,
  snapshot: LabSnapshot,
  { columns, rows }: FrameSize,
): readonly StyledLine[] {
  const lines: StyledLine[] = [titleLine(title, columns)];
  const below = [
    ...processLines(snapshot.processes, columns),
    ...[snapshot.controller, snapshot.packets].filter((text) => text !== "").map((text) => faint(text)),
  ];
  const rule: StyledLine = { text: "─".repeat(Math.max(0, columns - 1)), tone: "faint" };
  const room = Math.max(0, rows - EVENTS_MIN - lines.length - 1);
  const dpus = dpuLines(snapshot.dpus, columns, Math.max(0, room - Math.min(below.length, 2)));
  lines.push(...dpus, ...below.slice(0, Math.max(0, room - dpus.length)), rule);
  return lines.slice(0, Math.max(0, rows - 1)).map(({ text, tone }) => ({ text: cut(text, columns - 1), tone }));
}

function titleLine({ story, stage, elapsedMs }: FrameTitle, columns: number): StyledLine {
  const time = `${(elapsedMs / 1000).toFixed(0)} s`;
  const left = cut(stage === "" ? story : `${story}: ${stage}`, Math.max(0, columns - time.length - 3));
  return { text: `${left.padEnd(Math.max(0, columns - time.length - 2))} ${time}`, tone: "strong" };
}

/** Those that are not well come first where there is not room for all. */
function dpuLines(dpus: readonly DpuRow[], columns: number, room: number): readonly StyledLine[] {
  if (dpus.length === 0 || room < 2) return [];
  const rank = { bad: 0, warn: 1, plain: 2, strong: 2, faint: 2, good: 3 } as const;
  const fits = dpus.length + 1 <= room;
  const shown = fits ? dpus : [...dpus].sort((a, b) => rank[a.tone] - rank[b.tone]).slice(0, room - 2);
  const chosen = chooseColumns(shown, columns);
  const widths = chosen.map(({ title, cell }) => Math.max(title.length, ...shown.map((row) => cell(row).length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, i) => text.padEnd(widths[i] as number))
      .join(" ".repeat(GAP))
      .trimEnd();
  const lines: StyledLine[] = [faint(line(chosen.map(({ title }) => title)))];
  lines.push(...shown.map((row) => ({ text: line(chosen.map(({ cell }) => cell(row))), tone: row.tone })));
  if (!fits) {
    const rest = dpus.filter((row) => !shown.includes(row));
    const well = rest.filter(({ tone }) => tone === "good").length;
    lines.push(faint(`… ${rest.length} more, ${well} of them active or standby`));
  }
  return lines;
}

/** All columns, without those that can be spared until the rest fits. */
function chooseColumns(rows: readonly DpuRow[], columns: number): readonly Column[] {
  let chosen = COLUMNS;
  const width = (): number =>
    chosen.reduce(
      (sum, { title, cell }) => sum + GAP + Math.max(title.length, ...rows.map((row) => cell(row).length)),
      -GAP,
    );
  while (width() > columns - 1) {
    const spare = chosen.filter(({ spare: order }) => order > 0).sort((a, b) => a.spare - b.spare)[0];
    if (spare === undefined) break;
    chosen = chosen.filter((column) => column !== spare);
  }
  return chosen;
}

/** Each process with its memory, several in a line; of many, each kind. */
function processLines(processes: readonly ProcessRow[], columns: number): readonly StyledLine[] {
  if (processes.length === 0) return [];
  const cells =
    processes.length <= PROCESSES_MAX
      ? processes.map(({ name, running, memory }) => `${name} ${running ? megabytes(memory) : "down"}`)
      : kinds(processes);
  const width = Math.max(...cells.map((cell) => cell.length)) + GAP;
  const perLine = Math.max(1, Math.floor((columns - 1 + GAP) / width));
  const lines: StyledLine[] = [];
  for (let i = 0; i < cells.length; i += perLine) {
    const row = cells.slice(i, i + perLine);
    const down = row.some((cell) => cell.endsWith(" down"));
    lines.push({
      text: row
        .map((cell) => cell.padEnd(width))
        .join("")
        .trimEnd(),
      tone: down ? "warn" : "faint",
    });
  }
  return lines;
}

function kinds(processes: readonly ProcessRow[]): readonly string[] {
  const byKind = new Map<string, ProcessRow[]>();
  for (const row of processes) {
    const kind = row.name.split(".").at(-1) ?? row.name;
    byKind.set(kind, [...(byKind.get(kind) ?? []), row]);
  }
  return [...byKind].map(([kind, rows]) => {
    const down = rows.filter(({ running }) => !running).length;
    const total = rows.reduce((sum, { memory }) => sum + memory, 0);
    return `${rows.length} ${kind}: ${megabytes(total)}${down === 0 ? "" : `, ${down} down`}`;
  });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`;
}

function faint(text: string): StyledLine {
  return { text, tone: "faint" };
}

/** At most `width` characters; what is cut off shows as an ellipsis. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width <= 0 ? "" : `${characters.slice(0, width - 1).join("")}…`;
}

/** A long line as several, the later ones indented as the first; at most `LINES_MAX`. */
export function wrap({ text, tone }: StyledLine, columns: number): readonly StyledLine[] {
  const width = Math.max(10, columns - 1);
  const indent = " ".repeat(Math.min((/^ */.exec(text)?.[0].length ?? 0) + 2, Math.floor(width / 2)));
  const lines: StyledLine[] = [];
  let rest = text;
  while ([...rest].length > width && lines.length < LINES_MAX) {
    const at = rest.lastIndexOf(" ", width);
    const end = at > indent.length ? at : width;
    lines.push({ text: rest.slice(0, end), tone });
    rest = indent + rest.slice(end).trimStart();
  }
  return [...lines, { text: rest, tone }];
}

/** Lines that one event may become. */
const LINES_MAX = 20;
