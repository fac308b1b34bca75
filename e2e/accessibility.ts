import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { focused } from './browser.ts';

/** Presses a key until this has the focus. */
export async function tabTo(page: Page, name: string, key = 'Tab'): Promise<void> {
  for (let presses = 0; (await focused(page)) !== name; presses++) {
    if (presses === 80) throw new Error(`"${name}" cannot be reached by ${key}`);
    await page.keyboard.press(key);
  }
}

/** Whether something is drawn around what has the focus, or around its field. */
export const showsFocus = (page: Page): Promise<boolean> =>
  page.evaluate(() => {
    const element = document.activeElement?.shadowRoot?.activeElement;
    const isRinged = (candidate: Element | null | undefined) => {
      if (!candidate) return false;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(candidate);
      return (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2) || boxShadow !== 'none';
    };
    return isRinged(element) || (element instanceof HTMLTextAreaElement && isRinged(element.parentElement));
  });

/** Collects what is wrong in each state of a page. */
export function findings(page: Page) {
  const all: string[] = [];
  return {
    all,
    /** Of one rule only, where the rest was looked at in another state. */
    async in(state: string, rule?: string): Promise<void> {
      const axe = new AxeBuilder({ page }).setLegacyMode();
      if (rule) axe.withRules(rule);
      else axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
      const { violations } = await axe.analyze();
      for (const { id, nodes } of violations) {
        all.push(...nodes.map(({ html, failureSummary }) => `${state}: ${id}: ${html} ${failureSummary}`));
      }
      all.push(...(await wider(page)).map(what => `${state}: wider than the screen: ${what}`));
    },
  };
}

/** What makes the page, or a part of the panel that scrolls, scroll sideways. Code may. */
export const wider = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const inPanel = document.querySelector('confab-chat')?.shadowRoot?.querySelectorAll('*:not(pre)') ?? [];
    const scrolls = (element: Element) =>
      element.scrollWidth > element.clientWidth &&
      (element === document.documentElement || /auto|scroll/.test(getComputedStyle(element).overflowX));
    return [document.documentElement, ...inPanel].filter(scrolls).map(element => element.outerHTML.slice(0, 80));
  });
