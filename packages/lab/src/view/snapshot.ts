/** What the view shows of a cluster at one moment. Texts are ready to be shown. */
export interface LabSnapshot {
  readonly dpus: readonly DpuRow[];
  readonly processes: readonly ProcessRow[];
  readonly controller: string;
  readonly packets: string;
}

export interface DpuRow {
  readonly name: string;
  /** Midplane, control plane, data plane: `+` up, `-` down. */
  readonly planes: string;
  readonly role: string;
  readonly state: string;
  readonly peer: string;
  /** Switches whose session to it is up, of all. */
  readonly bfd: string;
  readonly pending: string;
  /** Packets a second. */
  readonly lost: number;
  readonly tone: Tone;
}

export interface ProcessRow {
  readonly name: string;
  readonly running: boolean;
  /** Bytes; 0 while it is not known. */
  readonly memory: number;
}

export type Tone = "good" | "warn" | "bad" | "plain" | "strong" | "faint";

export interface StyledLine {
  readonly text: string;
  readonly tone: Tone;
}

/** Nothing runs yet. */
export const EMPTY_SNAPSHOT: LabSnapshot = { dpus: [], processes: [], controller: "", packets: "" };
