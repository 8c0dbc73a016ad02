/** Owns taking turns: every arm once a round, so that a slow moment of the machine meets all of them. */

/** Each round begins with the next arm; a first round that is not counted warms all of them up. */
export async function interleave<K extends string, T>(
  rounds: number,
  arms: Readonly<Record<K, (round: number) => Promise<T>>>,
): Promise<Record<K, T[]>> {
  const names = Object.keys(arms) as K[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<K, T[]>;
  for (let round = 0; round <= rounds; round += 1) {
    for (const at of names.keys()) {
      const name = names[(at + round) % names.length]!;
      const sample = await arms[name](round);
      if (round > 0) samples[name].push(sample);
    }
  }
  return samples;
}
