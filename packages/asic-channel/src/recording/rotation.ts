import type { DiskEntry, Millis } from "@tandem/base";

/** How much of a recording is kept, and in which pieces. */
export interface RotationLimits {
  /** Bytes at which a new file begins. Default 64 MiB. */
  readonly fileBytesMax: number;
  /** Age at which a new file begins. Default one day. */
  readonly fileAgeMax: Millis;
  /** Bytes of all files together; the oldest go first, the current one never. Default 1 GiB. */
  readonly totalBytesMax: number;
  /** Whether files that are full are packed. */
  readonly compress: boolean;
}

export const ROTATION_DEFAULTS: RotationLimits = {
  fileBytesMax: 64 * 1024 * 1024,
  fileAgeMax: 86_400_000 as Millis,
  totalBytesMax: 1024 * 1024 * 1024,
  compress: true,
};

/** Whether `bytes` more belong into a new file. */
export function isFull(
  { fileBytesMax, fileAgeMax }: RotationLimits,
  file: { readonly bytes: number; readonly age: number },
  bytes: number,
): boolean {
  return file.bytes > 0 && (file.bytes + bytes > fileBytesMax || file.age >= fileAgeMax);
}

/** `sairedis.rec` → `sairedis` and `.rec`. */
function partsOf(name: string): readonly [stem: string, ending: string] {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
}

/** The name of a file that is full: `sairedis_20260301T100000.000Z.rec`. The time is UTC, so that names sort by age. */
export function fullName(current: string, at: number, taken: (name: string) => boolean): string {
  const [stem, ending] = partsOf(current);
  for (let moment = at; ; moment += 1) {
    const name = `${stem}_${new Date(moment).toISOString().replaceAll(/[-:]/g, "")}${ending}`;
    if (!taken(name) && !taken(`${name}.gz`)) return name;
  }
}

/** When a file became full, milliseconds since 1970, by its name. */
export function fullMoment(name: string): number {
  const [, year, month, day, hour, minute, second] = /_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3})Z/.exec(name) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** The full files of `current` among `entries`, oldest first. */
export function fullFiles(current: string, entries: readonly DiskEntry[]): readonly DiskEntry[] {
  const [stem, ending] = partsOf(current);
  const middle = /^_\d{8}T\d{6}\.\d{3}Z$/;
  const isFullFile = ({ name }: DiskEntry): boolean => {
    const plain = name.endsWith(".gz") ? name.slice(0, -3) : name;
    if (!plain.startsWith(stem) || !plain.endsWith(ending)) return false;
    return middle.test(plain.slice(stem.length, plain.length - ending.length));
  };
  return entries.filter(isFullFile).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What is to be done with files that are full. */
export interface Tending {
  readonly compress: readonly string[];
  readonly remove: readonly string[];
}

/**
 * What tidying up asks for: files that are there packed and unpacked lose the unpacked copy, left-overs of a packing that
 * was cut short go, files beyond the limit go, oldest first, and the rest is packed.
 */
export function tend(limits: RotationLimits, current: string, entries: readonly DiskEntry[]): Tending {
  const names = new Set(entries.map(({ name }) => name));
  const full = fullFiles(current, entries);
  const doubles = full.filter(({ name }) => names.has(`${name}.gz`)).map(({ name }) => name);
  const [stem] = partsOf(current);
  const parts = entries.filter(({ name }) => name.startsWith(`${stem}_`) && name.endsWith(".gz.part"));
  const kept = full.filter(({ name }) => !doubles.includes(name));
  let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  total += entries.find(({ name }) => name === current)?.bytes ?? 0;
  const old: string[] = [];
  for (const { name, bytes } of kept) {
    if (total <= limits.totalBytesMax) break;
    old.push(name);
    total -= bytes;
  }
  const compress = kept.map(({ name }) => name).filter((name) => !name.endsWith(".gz") && !old.includes(name));
  return {
    compress: limits.compress ? compress : [],
    remove: [...doubles, ...parts.map(({ name }) => name), ...old],
  };
}
