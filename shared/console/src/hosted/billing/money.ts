import type { Price } from '@confab/contract';
import { pageLocale } from '../../format.ts';

/** An amount as people write it in the language of the screen. */
export function formatMoney({ amount, currency }: Price): string {
  const format = new Intl.NumberFormat(pageLocale(), { style: 'currency', currency });
  return format.format(amount / 10 ** fractionDigits(format));
}

/** What a month costs where a year is paid for. */
export const perMonth = ({ amount, currency }: Price): Price => ({ amount: Math.round(amount / 12), currency });

/** Yen have no smaller unit, and dinars have a thousand. */
const fractionDigits = (format: Intl.NumberFormat): number => format.resolvedOptions().maximumFractionDigits ?? 2;
