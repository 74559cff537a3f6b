/** Where the ASIC of a context listens, unless it is told. */
export function asicPathOf(guid: number): string {
  return `/var/run/tandem/asic${guid}.sock`;
}
