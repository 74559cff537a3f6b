/** A number with its noun: `1 row`, `2 rows`, `0 switches`. */
export function countOf(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
