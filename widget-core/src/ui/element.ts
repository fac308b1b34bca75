/** Builds an element. No attribute here can run code: names are ours, and neither `style` nor `on…` is ever used. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const built = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) built.setAttribute(name, value);
  built.append(...children);
  return built;
}

/** Builds a button that does something, in the look of a class. */
export function button(look: string, press: () => unknown, ...children: (Node | string)[]): HTMLButtonElement {
  const built = element('button', { type: 'button', class: look }, ...children);
  built.onclick = () => press();
  return built;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A line drawing on a square of 24; the text next to it, or the button's name, says what it means. */
export function icon(path: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  const line = document.createElementNS(SVG, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** Sets a text only where it differs, since setting the same one again still makes screen readers look. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** The same for a button that shows only an icon. */
export function setName(node: Element, name: string): void {
  if (node.getAttribute('aria-label') !== name) node.setAttribute('aria-label', name);
}
