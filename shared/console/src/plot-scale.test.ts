import { describe, expect, it } from 'vitest';
import { dayAt, isAlone, labelled, lineThrough, ticksTo, walked } from './plot-scale.ts';

describe('the scale of a plot', () => {
  it('ends at or just above the most, in steps that one reads at a glance', () => {
    expect(ticksTo(7)).toEqual([0, 2, 4, 6, 8]);
    expect(ticksTo(100)).toEqual([0, 50, 100]);
    expect(ticksTo(80)).toEqual([0, 20, 40, 60, 80]);
    expect(ticksTo(1_234)).toEqual([0, 500, 1_000, 1_500]);
    expect(ticksTo(0.3, { isWhole: false })).toEqual([0, 0.1, 0.2, 0.3]);
    expect(ticksTo(1, { isWhole: false, steps: 4 })).toEqual([0, 0.5, 1]);
  });

  it('has no halves of whole things, and a height also where there was nothing', () => {
    expect(ticksTo(1)).toEqual([0, 1]);
    expect(ticksTo(3)).toEqual([0, 1, 2, 3]);
    expect(ticksTo(0)).toEqual([0, 1]);
  });

  it.each([0.0004, 0.02, 0.7, 3, 19, 99, 101, 4_567, 1e6])('covers %s with no more than six lines', most => {
    const ticks = ticksTo(most, { isWhole: false });
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(most * (1 - 1e-9));
    expect(ticks.at(-2)).toBeLessThan(most);
    expect(ticks.length).toBeLessThanOrEqual(6);
  });

  it('labels as many days as fit, evenly, and always the last', () => {
    expect(labelled(7, 10)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(labelled(30, 5)).toEqual([5, 11, 17, 23, 29]);
    expect(labelled(90, 3)).toEqual([29, 59, 89]);
    expect(labelled(0, 3)).toEqual([]);
    expect(labelled(5, 0)).toEqual([4]);
  });

  it('breaks the line where there is no value, and knows the points that stand alone', () => {
    expect(lineThrough([{ x: 0, y: 1 }, { x: 1.26, y: 2 }, null, { x: 3, y: 4 }])).toBe('M0 1L1.3 2M3 4');
    const values = [1, null, 2, 3, null, 4];
    expect(values.map((_, index) => isAlone(values, index))).toEqual([true, false, false, false, false, true]);
  });

  it('finds the day under the pointer, also a little beside the plot', () => {
    expect([-5, 0, 49, 50, 99, 120].map(x => dayAt(x, 100, 2))).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('is walked through by keys, which follow the direction of the page', () => {
    expect(walked('ArrowRight', 3, 6, false)).toBe(4);
    expect(walked('ArrowRight', 3, 6, true)).toBe(2);
    expect(walked('ArrowRight', 6, 6, false)).toBe(6);
    expect(walked('PageDown', 3, 6, false)).toBe(0);
    expect(walked('Home', 3, 6, false)).toBe(0);
    expect(walked('End', 3, 6, true)).toBe(6);
    expect(walked('Escape', 3, 6, false)).toBeNull();
    expect(walked('Tab', 3, 6, false)).toBeUndefined();
  });
});
