import { expect, it } from 'vitest';
import { pageAddress } from './page-address.ts';

it.each([
  ['https://shop.example/jumper?email=ann@a.example#me', 'https://shop.example/jumper'],
  ['https://ann:secret@shop.example/', 'https://shop.example/'],
  ['http://shop.example:8080/a/b;c', 'http://shop.example:8080/a/b;c'],
  [`https://shop.example/${'a'.repeat(3_000)}`, `https://shop.example/${'a'.repeat(2_027)}`],
  ['javascript:alert(1)', undefined],
  ['android-app://com.example', undefined],
  ['data:text/html,hello', undefined],
  ['', undefined],
  ['shop', undefined],
])('keeps of %s the origin and the path', (url, kept) => {
  expect(pageAddress(url)).toBe(kept);
});
