declare const brand: unique symbol;

/** A `T` that carries a name, so that a `VdpuId` never lands where a `HaSetId` belongs. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Milliseconds, of wall-clock time since the epoch or of a duration. */
export type Millis = Brand<number, "Millis">;

export function millis(value: number): Millis {
  return value as Millis;
}

export function seconds(value: number): Millis {
  return (value * 1000) as Millis;
}

export function minutes(value: number): Millis {
  return (value * 60_000) as Millis;
}
