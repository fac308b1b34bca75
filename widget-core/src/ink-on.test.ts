import { expect, it } from 'vitest';
import { inkOn } from './ink-on.ts';

/** Contrast by WCAG 2, written apart from the code under test. */
function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [one, other].map(luminance).sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const number = Number.parseInt(colour.slice(1).length === 3 ? colour.slice(1).repeat(2) : colour.slice(1), 16);
  const channels = [number >> 16, (number >> 8) & 255, number & 255].map(channel => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return channels.reduce((sum, channel, i) => sum + channel * ([0.2126, 0.7152, 0.0722][i] ?? 0), 0);
}

it('is readable on every accent', () => {
  for (let colour = 0; colour <= 0xffffff; colour += 4_099) {
    const accent = `#${colour.toString(16).padStart(6, '0')}`;
    expect(contrast(accent, inkOn(accent)), accent).toBeGreaterThanOrEqual(4.5);
  }
});
