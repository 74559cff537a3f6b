/** Wall-clock time, microseconds since 1970. */
export type Micros = number;

const STAMP = /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\.([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)\.(\d{6})$/;

/** Characters of `YYYY-MM-DD.HH:MM:SS.uuuuuu`. */
export const STAMP_LENGTH = 26;

export function isStamp(text: string): boolean {
  return STAMP.test(text);
}

/**
 * Prints times as recorders do: local time, microseconds. Recorders print many times of one second, so the part down to
 * the second is kept.
 */
export class StampPrinter {
  #second = Number.NaN;
  #prefix = "";

  print(at: Micros): string {
    const second = Math.floor(at / 1_000_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = prefixOf(new Date(second * 1000));
    }
    return `${this.#prefix}${digits(Math.floor(at - second * 1_000_000), 6)}`;
  }
}

function prefixOf(at: Date): string {
  const date = `${digits(at.getFullYear(), 4)}-${digits(at.getMonth() + 1, 2)}-${digits(at.getDate(), 2)}`;
  return `${date}.${digits(at.getHours(), 2)}:${digits(at.getMinutes(), 2)}:${digits(at.getSeconds(), 2)}.`;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, "0");
}

/**
 * The moment that a stamp means where this process is; `undefined` when it is no stamp. An hour that a clock repeats in
 * autumn is taken as the first of the two.
 */
export function momentOf(stamp: string): Micros | undefined {
  const match = STAMP.exec(stamp);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0] = match.slice(1).map(Number);
  return new Date(year, month - 1, day, hour, minute, second).getTime() * 1000 + micros;
}
