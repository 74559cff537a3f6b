import { err } from "@tandem/base";
import type { EdgeOptions } from "@tandem/swbus/edge";

/** Nobody answers: everything stays within the process. */
export const NO_BUS: EdgeOptions["bus"] = {
  listen: ({ endpoint }) => Promise.resolve(err({ kind: "listenFailed", endpoint, detail: "there is no bus" })),
  dial: (_, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    }),
};
