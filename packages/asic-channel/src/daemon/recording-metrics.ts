import type { Metrics } from "@tandem/daemon";
import type { ArchiverTally } from "../archive/archiver-event.js";
import type { RecorderTally } from "../recorder.js";

/** What a recorder counts, read when somebody asks. */
export function measureRecorder(metrics: Metrics, tally: RecorderTally): void {
  metrics.readAtScrape(
    { name: "tandem_asic_recorded_lines_total", type: "counter", help: "Lines written to the recording." },
    (put) => put(tally.written, {}),
  );
  metrics.readAtScrape(
    {
      name: "tandem_asic_recording_lost_lines_total",
      type: "counter",
      help: "Lines that are missing in the recording: there was no room for them in memory or on disk.",
    },
    (put) => put(tally.lost, {}),
  );
  metrics.gaugeOf({ name: "tandem_asic_recording_paused", help: "1 while the disk refuses the recording." }, () =>
    Number(tally.paused),
  );
}

/** What an archiver counts, read when somebody asks. */
export function measureArchiver(metrics: Metrics, tally: ArchiverTally): void {
  const counters = [
    ["tandem_asic_archived_lines_total", "Lines written to the archive.", () => tally.lines],
    ["tandem_asic_archive_batches_total", "Batches that were synced to disk.", () => tally.batches],
    ["tandem_asic_archive_gaps_total", "Places in the archive where something is missing.", () => tally.gaps],
    ["tandem_asic_archive_lost_entries_total", "Entries that are known to be missing there.", () => tally.lost],
  ] as const;
  for (const [name, help, read] of counters)
    metrics.readAtScrape({ name, type: "counter", help }, (put) => put(read(), {}));
  metrics.gaugeOf(
    { name: "tandem_asic_archive_retained_entries", help: "Entries in both streams after the last batch." },
    () => tally.retained,
  );
  metrics.gaugeOf({ name: "tandem_asic_archive_paused", help: "1 while the disk refuses the archive." }, () =>
    Number(tally.paused),
  );
}
