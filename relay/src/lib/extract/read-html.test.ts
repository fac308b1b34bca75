import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ExtractError } from './extract.ts';
import { readHtml } from './read-html.ts';

const URL_HERE = 'https://shop.example/help/returns';
const words = 'Send back what you do not like within thirty days, free of charge and without giving any reason at all.';
const read = (body: string, head = '') =>
  readHtml(`<!doctype html><html lang="en"><head>${head}</head><body>${body}</body></html>`, URL_HERE);
const textIn = (html: string | null) =>
  (html ?? '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

describe('the main content', () => {
  it('is what the page is about, without what frames every page', () => {
    const { html, title } = read(
      `
      <header><nav><a href="/">Home</a> <a href="/basket">Basket</a></nav></header>
      <div role="dialog">We use cookies</div><div id="onetrust-consent-sdk">Accept all</div>
      <main><h1>Returns</h1><p>${words}</p><section class="related products"><h2>You may also like</h2><p>Socks</p></section></main>
      <aside>Newsletter</aside><footer>Imprint</footer>`,
      '<title>Returns – Shop</title>',
    );
    expect(title).toBe('Returns');
    expect(html).toBe(`<p>${words}</p>`);
  });

  it('keeps headings, lists, tables, terms and folded answers together as they stand', () => {
    const { html } = read(`<main><h1>Help</h1><p>${words}</p>
      <h2>Sizes</h2><table><tr><th>Size</th><th>Chest</th></tr><tr><td>M</td><td>96 cm</td></tr></table>
      <dl><dt>Weight</dt><dd>640 g</dd></dl><ul><li>by hand</li><li>in cold water</li></ul>
      <details><summary>May I <b>iron</b> it?</summary><p>No, never, since the wool would not forgive it.</p></details>
      <h3><button aria-expanded="false" aria-controls="a1">Who pays?</button></h3>
      <div id="a1" hidden style="display:none"><p>We do, within the whole of the European Union.</p></div></main>`);
    expect(html).toContain('<tr><th>Size</th><th>Chest</th></tr><tr><td>M</td><td>96 cm</td></tr>');
    expect(html).toContain('<dl><dt>Weight</dt><dd>640 g</dd></dl>');
    expect(html).toMatch(/<ul><li>by hand<\/li><li>in cold water<\/li><\/ul>/);
    expect(html).toMatch(/<h4>May I iron it\?<\/h4><p>No, never/);
    expect(html).toMatch(/<h3>Who pays\?<\/h3>\s*<p>We do, within/);
  });

  it('has every question of a list of short answers, however they are folded', () => {
    const list = (item: (at: number) => string) =>
      `<div><h1>Help</h1>${Array.from({ length: 6 }, (_, at) => `<div>${item(at)}</div>`).join('')}</div>`;
    for (const page of [
      list(
        at => `<button aria-controls="a${at}">Do you ship to ${at}?</button><div id="a${at}" hidden>Yes, ${at}.</div>`,
      ),
      list(at => `<button class="accordion">Do you ship to ${at}?</button><div class="panel">Yes, ${at}.</div>`),
    ]) {
      const { html } = read(page);
      for (let at = 0; at < 6; at += 1)
        expect(html).toMatch(new RegExp(`<h4>Do you ship to ${at}\\?</h4>(<p>)?Yes, ${at}\\.`));
    }
  });

  it('leaves out what is struck out, such as an earlier price', () => {
    const { html } = read(`<main><p>${words}</p><p><del>20 EUR</del> <ins>15 EUR</ins> <s>18 EUR</s></p></main>`);
    expect(html).toMatch(/<p>\s*15 EUR\s*<\/p>/);
    expect(html).not.toMatch(/20|18/);
  });

  it('has the answers that the page tells machines and hides from readers, once', () => {
    const faq = JSON.stringify({
      '@type': 'FAQPage',
      mainEntity: [
        {
          '@type': 'Question',
          name: 'Gift wrap?',
          acceptedAnswer: { '@type': 'Answer', text: '<p>For 3 &amp; more</p>' },
        },
        { '@type': 'Question', name: 'Reasons?', acceptedAnswer: { text: words } },
      ],
    });
    const { html } = read(`<main><p>${words}</p></main>`, `<script type="application/ld+json">${faq}</script>`);
    expect(html).toContain('<h3>Gift wrap?</h3><p><p>For 3 &amp; more</p></p>');
    expect(html).not.toContain('Reasons?');
  });

  it('is found by landmarks where Readability would find none or never come to an end', () => {
    expect(textIn(read('<header>Shop</header><p>Closed on Mondays.</p><nav>Menu</nav>').html)).toBe(
      'Closed on Mondays.',
    );
    const deep = read(`<nav>Menu</nav><main>${'<div>'.repeat(5_000)}<p>${words}</p></main>`);
    expect(textIn(deep.html)).toBe(words);
    const many = read(`<nav>Menu</nav><main><p>${words}</p>${'<i>a</i> '.repeat(40_000)}</main>`);
    expect(textIn(many.html)).toContain(words);
    expect(textIn(many.html)).not.toContain('Menu');
  });

  it('stands also in pages without html, head or body, and in broken ones', () => {
    for (const page of [
      `<p>${words}</p>`,
      `${words}`,
      `<html><p>${words}`,
      `<body><div><p>${words}</div></p></span>`,
      `</html></body><p>${words}<table><tr><td`,
      `<p>${words}</p><!-- never closed`,
      `<![CDATA[ <x> ]]><p>${words}</p>`,
    ]) {
      expect(textIn(readHtml(page, URL_HERE).html)).toContain(words);
    }
  });

  it('says so where there is nothing to read, and where there is too much', () => {
    for (const page of ['', '<html></html>', '<script>let words = 1</script>', '<main><img src="x.png"></main>']) {
      expect(() => readHtml(page, URL_HERE), page).toThrow(new ExtractError('empty'));
    }
    expect(() => read(`<p>${'word '.repeat(500_000)}</p>`)).toThrow(new ExtractError('too_large'));
  });

  it('holds no NUL and no half characters', () => {
    const { html, title } = read(`<p>${words} &#0; &#xD800; \ud83d</p>`, '<title>A &#xDC00; b &#0;</title>');
    expect(`${html}${title}`.isWellFormed()).toBe(true);
    expect(`${html}${title}`).not.toContain('\u0000');
  });
});

describe('what a page says to crawlers', () => {
  it('is read whatever the case of its markup', () => {
    const page = read(
      `<p>${words}</p>`,
      `<TITLE>Returns – The Shop</TITLE><META NAME="ROBOTS" CONTENT="NOINDEX, NoFollow">
       <LINK REL="canonical" HREF="/help/returns#top"><link rel="alternate" hreflang="de_AT" href="/de/returns">
       <link rel="alternate" hreflang="x-default" href="/"><link rel="alternate" type="application/rss+xml" href="/feed">
       <meta property="article:modified_time" content="2026-02-01T10:00:00+01:00">`,
    );
    expect(page).toMatchObject({
      title: 'Returns',
      locale: 'en',
      canonical: 'https://shop.example/help/returns',
      noindex: true,
      nofollow: true,
      alternates: [{ locale: 'de-AT', url: 'https://shop.example/de/returns' }],
      modifiedAt: new Date('2026-02-01T09:00:00Z'),
    });
    expect(read(`<p>${words}</p>`, '<meta name=robots content=none>')).toMatchObject({ noindex: true, nofollow: true });
    expect(read(`<p>${words}</p>`)).toMatchObject({
      noindex: false,
      nofollow: false,
      canonical: null,
      modifiedAt: null,
    });
    expect(readHtml(`<html lang="not a language"><p>${words}`, URL_HERE).locale).toBeNull();
  });

  it('has the links of the whole page, absolute, each once, and without those that are not to be followed', () => {
    const { links } = read(
      `<nav><a href="/a">A</a><a href="/a#b">A</a></nav><p>${words}</p><a HREF="b?c=1">B</a><map><area href="/area"></map>
       <a href="?add-to-cart=7" rel="nofollow">Buy</a><a href="#top">Top</a><a href="javascript:alert(1)">J</a>
       <a href="mailto:a@shop.example">M</a><a href="http://[">Bad</a><a href="//cdn.example/x">X</a><a>none</a>`,
      '<base href="/base/">',
    );
    expect(links).toEqual([
      'https://shop.example/a',
      'https://shop.example/base/b?c=1',
      'https://shop.example/area',
      'https://cdn.example/x',
    ]);
  });

  it('is limited, however many links there are', () => {
    const page = read(
      `<p>${words}</p>${Array.from({ length: 16_000 }, (_, at) => `<a href="/${at}">${at}</a>`).join('')}`,
    );
    expect(page.links).toHaveLength(5_000);
  });
});

const attacks = '/work/shared/data/fetched/security/xss_html.json.gz';
const ownAttacks = [
  '<p onclick=alert(1)>x</p><svg onload=alert(1)><a href="javascript:alert(1)">x</a><iframe srcdoc="<script>x</script>">',
  '<img src=x onerror=alert(1)><style>@import "http://evil.example"</style><base href="http://evil.example/">',
  '&lt;script&gt;alert(1)&lt;/script&gt;<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
];

describe('nothing that runs, loads or styles is left', () => {
  const listed = existsSync(attacks)
    ? Object.values<unknown>(JSON.parse(gunzipSync(readFileSync(attacks)).toString('utf8'))).flat(9)
    : [];
  const strings = listed.flatMap(each => (typeof each === 'string' ? each : Object.values(each as object)));
  // Where the list is not there, our own few stand for it.
  it(`in what is made of ${strings.length} attacks and our own`, () => {
    for (const attack of [...ownAttacks, ...strings.map(String)]) {
      const { html } = read(`<main><p>${words}</p><div>${attack}</div></main>`);
      // Elements of our own choice without an attribute, and text.
      expect(html?.replace(/<\/?[a-z][a-z0-9]*>/g, ''), attack).not.toContain('<');
      expect(html, attack).not.toMatch(
        /<(?!\/?(h[1-6]|p|ul|ol|li|table|caption|thead|tbody|tfoot|tr|th|td|dl|dt|dd|blockquote|pre|br|hr)>)/,
      );
    }
  });
});
