/**
 * Black or white, whichever is easier to read on this colour. The better of the two always has a contrast of at least
 * 4.5 to 1, since the worst background for both (a relative luminance of 0.18) still leaves 4.58.
 */
export function inkOn(colour: string): '#000' | '#fff' {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at =>
    linear(Number.parseInt(colour.slice(at, at + 2), 16) / 255),
  );
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > 0.179 ? '#000' : '#fff';
}

/** One channel of sRGB as light, by the formula of WCAG 2. */
const linear = (channel: number) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
