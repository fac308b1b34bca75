import { describe, expect, it } from 'vitest';
import { html, rendered } from './html.ts';
import { pager, webLink, written } from './parts.ts';

const HOSTILE = `"><script>alert('x')</script> & <img src=x onerror=alert(1)>`;

describe('a piece of a page', () => {
  it('takes whatever is put into it as text, in an attribute too', () => {
    expect(rendered(html`<p title="${HOSTILE}">${HOSTILE}</p>`)).not.toMatch(/<script|<img|"">|' /);
    expect(rendered(html`<p>${'&'}${1}</p>`)).toBe('<p>&#38;1</p>');
  });

  it('takes pieces and lists of them as markup, and what is not there as nothing', () => {
    const list = ['a', '<b>'].map(each => html`<li>${each}</li>`);
    expect(rendered(html`<ul>${list}${false}${null}${undefined}</ul>`)).toBe('<ul><li>a</li><li>&#60;b&#62;</li></ul>');
  });

  it('is not made of what came in as JSON, whatever that calls itself', () => {
    const forged = JSON.parse('[{"markup":"<script>","Symbol(markup)":"<script>"}]');
    expect(() => rendered(html`${forged}`)).toThrow(TypeError);
  });

  it('is not made where an attribute has no quotes', () => {
    expect(rendered(html`<a href="/x?a=${'1'}&b=${'2'}"></a>`)).toBe('<a href="/x?a=1&b=2"></a>');
    expect(() => html`<p title=${'x'}></p>`).toThrow('double quotes');
  });
});

describe('what others wrote', () => {
  it('is a link only where it leads to a page of the web', () => {
    expect(rendered(webLink('https://shop.example/a?b=1&c="2"', 'A'))).toContain(
      'href="https://shop.example/a?b=1&#38;c=&#34;2&#34;"',
    );
    for (const address of ['javascript:alert(1)', 'data:text/html,x', ' https', 'https://', 'shopify://admin/x']) {
      expect(rendered(webLink(address, 'B'))).not.toContain('href');
    }
  });

  it('keeps its lines and the direction of its script', () => {
    const shown = rendered(written('שלום <b>\r\n\n second'));
    expect(shown.match(/<s-paragraph dir="auto">/g)).toHaveLength(2);
    expect(shown).toContain('שלום &#60;b&#62;');
  });
});

it('a list that fits on one page has no buttons to go on', () => {
  expect(rendered(pager({ newest: null, older: null }))).toBe('');
});
