// Days as numbers, to tell whether two moments are of one day.

const DAY_MS = 86_400_000;

/** The local day of a moment, as a number that grows by one each day. */
export function dayNumber(at: string | number): number {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS);
}
