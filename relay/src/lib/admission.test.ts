import { expect, it } from 'vitest';
import { createAdmission } from './admission.ts';

it('lets in so many at once, and who comes then is told to come again at different times', () => {
  const times = [0, 0.999];
  const { enter, inside } = createAdmission(2, { random: () => times.shift() as number });
  const leave = enter();
  enter();
  expect(enter).toThrow(expect.objectContaining({ code: 'unavailable', status: 503, retryAfterS: 1 }));
  expect(enter).toThrow(expect.objectContaining({ retryAfterS: 5 }));
  leave();
  // Whoever has left cannot leave for another.
  leave();
  expect(inside()).toBe(1);
  enter();
  expect(inside()).toBe(2);
});
