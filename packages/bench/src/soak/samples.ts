/** What one process held at one moment of a soak. */
export interface Sample {
  /** Since the start, in minutes. */
  readonly at: number;
  /** Resident memory, in MB. */
  readonly memory: number;
  readonly openFiles: number;
}

/** How one process fared. */
export interface Trend {
  readonly process: string;
  readonly first: number;
  /** At the end of the first half, when everything has been used once and the heap has found its size. */
  readonly middle: number;
  readonly last: number;
  /** Growth over the second half by least squares, in MB an hour. */
  readonly slope: number;
  readonly openFiles: readonly [middle: number, last: number];
  /** Whether nothing grew in the second half beyond what a heap varies by. */
  readonly flat: boolean;
}

/** A heap varies by this much between two collections, in MB. */
const NOISE_MB = 12;

/** The trend of one process; `samples` in order of time, at least two. */
export function trendOf(process: string, samples: readonly Sample[]): Trend {
  const half = samples.slice(Math.floor(samples.length / 2));
  const [first, middle, last] = [samples[0], half[0], samples.at(-1)] as [Sample, Sample, Sample];
  const slope = slopeOf(half) * 60;
  const hours = (last.at - middle.at) / 60;
  const openFiles = [middle.openFiles, last.openFiles] as const;
  return {
    process,
    first: first.memory,
    middle: middle.memory,
    last: last.memory,
    slope,
    openFiles,
    flat: slope * hours <= NOISE_MB && openFiles[1] - openFiles[0] <= OPEN_FILES_NOISE,
  };
}

/** Connections that may just be under way. */
const OPEN_FILES_NOISE = 4;

/** MB a minute, by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const n = samples.length;
  const meanAt = samples.reduce((sum, { at }) => sum + at, 0) / n;
  const meanMemory = samples.reduce((sum, { memory }) => sum + memory, 0) / n;
  let above = 0;
  let below = 0;
  for (const { at, memory } of samples) {
    above += (at - meanAt) * (memory - meanMemory);
    below += (at - meanAt) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
