/** What `exactJson` can write: JSON, and integers of any size. */
export type ExactJson =
  | null
  | boolean
  | number
  | string
  | bigint
  | readonly ExactJson[]
  | { readonly [member: string]: ExactJson | undefined };

/** JSON text in which a bigint stands as its exact digits: message ids exceed 2^53. `undefined` members are left out. */
export function exactJson(value: ExactJson): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(exactJson).join(",")}]`;
  const members = Object.entries(value as { readonly [member: string]: ExactJson | undefined });
  const written = members.flatMap(([name, member]) =>
    member === undefined ? [] : [`${JSON.stringify(name)}:${exactJson(member)}`],
  );
  return `{${written.join(",")}}`;
}
