import type { Files } from "@tandem/base";
import { type AsicContext, CONTEXT_DEFAULT, parseContextConfig } from "../context-config.js";

/** The contexts of a file, or upstream's default and why: one error discards the whole file. */
export async function loadContexts(
  files: Files,
  path: string | undefined,
): Promise<{ readonly contexts: readonly AsicContext[]; readonly warning?: string }> {
  if (path === undefined) return { contexts: [CONTEXT_DEFAULT] };
  const text = await files.read(path);
  const parsed = text.ok ? parseContextConfig(text.value) : undefined;
  if (parsed?.ok === true) return { contexts: parsed.value };
  const why = text.ok
    ? parsed?.ok === false
      ? parsed.error
      : ""
    : text.error.kind === "notFound"
      ? "no such file"
      : text.error.detail;
  return {
    contexts: [CONTEXT_DEFAULT],
    warning: `${path}: ${why}; the whole file is left aside, the default context is used`,
  };
}
