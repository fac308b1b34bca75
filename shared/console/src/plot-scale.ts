/** Round numbers from nought up to or just above `most`: steps of 1, 2 or 5 times a power of ten; of whole things no halves. */
export function ticksTo(
  most: number,
  { steps = 4, isWhole = true }: { steps?: number; isWhole?: boolean } = {},
): number[] {
  const wanted = most > 0 ? most / steps : 1 / steps;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const fitting = [1, 2, 5, 10].map(factor => factor * power).find(step => step >= wanted * (1 - 1e-9)) ?? 10 * power;
  const step = isWhole ? Math.max(1, Math.round(fitting)) : fitting;
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  // From the number of the step, since adding up 0.1 ends at 0.30000000000000004.
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Which of so many days get a label where only some fit: evenly spread, and always the last one. */
export function labelled(count: number, fitting: number): number[] {
  if (count === 0) return [];
  const every = Math.ceil(count / Math.max(1, fitting));
  return Array.from({ length: Math.ceil(count / every) }, (_, index) => count - 1 - index * every).reverse();
}

/** The path of a line; it is broken where there is no value. */
export function lineThrough(points: ({ x: number; y: number } | null)[]): string {
  let isOpen = false;
  return points
    .map(point => {
      if (!point) {
        isOpen = false;
        return '';
      }
      const command = isOpen ? 'L' : 'M';
      isOpen = true;
      return `${command}${round(point.x)} ${round(point.y)}`;
    })
    .join('');
}

/** Whether a value has none beside it, so that a line would show nothing of it. */
export const isAlone = (values: (number | null)[], index: number): boolean =>
  values[index] !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;

/** The day that is nearest to a place along the axis. */
export const dayAt = (offset: number, width: number, count: number): number =>
  Math.min(count - 1, Math.max(0, Math.floor((offset / width) * count)));

/** Where a key leads: another day, nowhere (null, which also takes the tip away), or it is no key of the plot. */
export function walked(key: string, at: number, last: number, isRtl: boolean): number | null | undefined {
  const forth = isRtl ? 'ArrowLeft' : 'ArrowRight';
  const back = isRtl ? 'ArrowRight' : 'ArrowLeft';
  if (key === 'Escape') return null;
  if (key === forth || key === 'ArrowUp') return Math.min(last, at + 1);
  if (key === back || key === 'ArrowDown') return Math.max(0, at - 1);
  if (key === 'PageUp') return Math.min(last, at + 7);
  if (key === 'PageDown') return Math.max(0, at - 7);
  if (key === 'Home') return 0;
  return key === 'End' ? last : undefined;
}

const round = (value: number) => Math.round(value * 10) / 10;
