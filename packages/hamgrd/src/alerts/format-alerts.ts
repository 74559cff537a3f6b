import type { Alert } from "./alerts.js";
import { formatExpression } from "./expression.js";

/** A rule file for Prometheus. */
export function formatRules(alerts: readonly Alert[]): string {
  const rules = alerts.map(({ name, expression, forSeconds, severity, summary, runbook }) =>
    [
      `      - alert: ${name}`,
      `        expr: ${quoted(formatExpression(expression))}`,
      ...(forSeconds > 0 ? [`        for: ${forSeconds}s`] : []),
      `        labels:`,
      `          severity: ${severity}`,
      `        annotations:`,
      `          summary: ${quoted(summary)}`,
      `          runbook: ${quoted(runbook)}`,
    ].join("\n"),
  );
  return `# Alerts of Tandem, printed from packages/hamgrd/src/alerts/alerts.ts; do not edit. docs/alerts.md.
groups:
  - name: tandem
    rules:
${rules.join("\n")}
`;
}

/** Sections of the page for people. */
export function formatAlertsPage(alerts: readonly Alert[]): string {
  return alerts
    .map(({ name, expression, forSeconds, severity, summary, runbook }) => {
      const lasting = forSeconds > 0 ? `, for ${forSeconds} s` : "";
      return `## ${name}\n\n${summary}. Severity: ${severity}${lasting}.\n\n\`\`\`promql\n${formatExpression(expression)}\n\`\`\`\n\n**First:** ${runbook}\n`;
    })
    .join("\n");
}

/** YAML in double quotes reads as JSON does; in single ones where the text holds double ones. */
function quoted(text: string): string {
  return text.includes('"') ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text);
}
