import { err, millis, ok, type Result } from "@tandem/base";
import { ROTATION_DEFAULTS, type RotationLimits } from "../recording/rotation.js";

/** Flags of whatever writes a recording, for `parseArgs`. */
export const ROTATION_FLAGS = {
  "file-bytes": { type: "string" },
  "file-hours": { type: "string" },
  "total-bytes": { type: "string" },
  "no-gzip": { type: "boolean" },
} as const;

export const ROTATION_HELP = `\
      --file-bytes N          bytes at which a new file begins; default 64 MiB. K, M and G may follow
      --file-hours N          age at which a new file begins; default 24
      --total-bytes N         bytes of all files together, the oldest go first; default 1 GiB
      --no-gzip               leave full files as they are
`;

export function parseRotation(
  values: {
    readonly [name in keyof typeof ROTATION_FLAGS]?: string | boolean | undefined;
  },
): Result<RotationLimits, string> {
  const fileBytes = parseBytes("--file-bytes", values["file-bytes"], ROTATION_DEFAULTS.fileBytesMax);
  if (!fileBytes.ok) return fileBytes;
  const totalBytes = parseBytes("--total-bytes", values["total-bytes"], ROTATION_DEFAULTS.totalBytesMax);
  if (!totalBytes.ok) return totalBytes;
  const hours = values["file-hours"] ?? "24";
  if (typeof hours !== "string" || !/^\d{1,5}(?:\.\d+)?$/.test(hours) || Number(hours) <= 0)
    return err(`--file-hours ${hours}: expected hours`);
  return ok({
    fileBytesMax: fileBytes.value,
    fileAgeMax: millis(Number(hours) * 3_600_000),
    totalBytesMax: totalBytes.value,
    compress: values["no-gzip"] !== true,
  });
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

function parseBytes(flag: string, text: string | boolean | undefined, absent: number): Result<number, string> {
  if (text === undefined) return ok(absent);
  const [, digits, unit = ""] = /^(\d{1,12})([KMG]?)$/.exec(String(text)) ?? [];
  const bytes = Number(digits) * (UNITS[unit] ?? Number.NaN);
  return bytes >= 1024 ? ok(bytes) : err(`${flag} ${text}: expected bytes, at least 1K, as 64M or 1G`);
}
