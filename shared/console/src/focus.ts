const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled)';

/**
 * Whoever presses a button that vanishes by it, such as Remove, goes on from the nearest thing that is still there, or
 * from the heading of what came in its place; the browser alone would begin at the top of the page again.
 */
export function keepFocusIn(root: HTMLElement): void {
  let around: HTMLElement[] = [];
  root.addEventListener('focusin', ({ target }) => {
    around = [];
    for (let element = target as HTMLElement | null; element && element !== root; element = element.parentElement) {
      around.push(element);
    }
  });
  new MutationObserver(() => {
    const [last, ...others] = around;
    if (!last || last.isConnected || document.activeElement !== document.body) return;
    const near = others.find(element => element.isConnected)?.querySelector<HTMLElement>(FOCUSABLE);
    const next = near ?? root.querySelector('h2');
    // A heading is not reached by Tab, and may still be gone to.
    if (!near && next) next.tabIndex = -1;
    next?.focus();
  }).observe(root, { childList: true, subtree: true });
}
