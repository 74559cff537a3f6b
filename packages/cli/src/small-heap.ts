import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's young generation at the size with which it begins, 1 MiB. A daemon that mostly waits holds some 20 MB less
 * for it. To be called before anything large is loaded; it works from within, so however the daemon is started.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
