import type { Result } from "./result.js";

export type FileError =
  | { readonly kind: "notFound"; readonly path: string }
  | { readonly kind: "unreadable"; readonly path: string; readonly detail: string };

/** The port for configuration files. Real: `systemFiles`. Simulated: a map. */
export interface Files {
  read(path: string): Promise<Result<string, FileError>>;
}
