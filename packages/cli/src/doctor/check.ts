/** One thing that was looked at. */
export interface Check {
  readonly area: "databases" | "configuration" | "bus" | "hamgrd" | "clocks" | "records" | "versions";
  readonly verdict: "ok" | "warn" | "fail";
  readonly text: string;
  /** What to do about it; empty where nothing is to be done. */
  readonly remedy: string;
}

type Area = Check["area"];

export const good = (area: Area, text: string): Check => ({ area, verdict: "ok", text, remedy: "" });
export const doubt = (area: Area, text: string, remedy: string): Check => ({ area, verdict: "warn", text, remedy });
export const bad = (area: Area, text: string, remedy: string): Check => ({ area, verdict: "fail", text, remedy });
