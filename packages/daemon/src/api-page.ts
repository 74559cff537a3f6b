/** What the page needs of an OpenAPI document. */
interface Document {
  readonly info?: { readonly title?: string; readonly version?: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> };
}

/** The OpenAPI document as one page without scripts, so that it can be read where nothing can be fetched. */
export function apiPage(document: Document): string {
  const { info = {}, paths = {} } = document;
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const schema = operation.requestBody?.content?.["application/json"]?.schema;
      const body = schema === undefined ? "" : `<pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre>`;
      return `<section><h2><b>${method.toUpperCase()}</b> <code>${escapeHtml(path)}</code></h2><p>${escapeHtml(
        operation.summary ?? "",
      )}</p><p>${escapeHtml(operation.description ?? "")}</p>${body}</section>`;
    }),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(info.title ?? "")}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}
h2{font-size:1rem;margin:1.5rem 0 .2rem}p{margin:.2rem 0}pre{background:#f4f4f4;padding:.6rem;overflow:auto}</style>
<h1>${escapeHtml(info.title ?? "")} ${escapeHtml(info.version ?? "")}</h1><p>${escapeHtml(info.description ?? "")}</p>
<p>The same for programs: <a href="/openapi.json">/openapi.json</a></p>
${rows.join("\n")}</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
