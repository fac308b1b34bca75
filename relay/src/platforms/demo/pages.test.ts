import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Router } from '@koa/router';
import Koa from 'koa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestState } from '../../http/request-state.ts';
import { documentOf } from './page.ts';
import { demoRoutes, readDemo } from './routes.ts';

const demo = await readDemo();
const pages = new Map(
  [...demo.pages].filter(([name]) => name.endsWith('.html')).map(([name, { body }]) => [name, body.toString('utf8')]),
);
const names = [...pages.keys()];
const SHOP = 'https://shop.example/demo/';

/** Where a link of this page leads, as the name of a file of the shop; nothing where it leads elsewhere. */
function targetOf(page: string, href: string): string | undefined {
  const url = new URL(href, SHOP + page);
  if (!url.href.startsWith(SHOP)) return undefined;
  return url.pathname.slice('/demo/'.length).replace(/(^|\/)$/, '$1index.html');
}

const documents = new Map(names.map(name => [name, documentOf(name, pages.get(name) as string, SHOP)]));
const alternatesOf = (page: string) =>
  new Map(
    [...(pages.get(page) as string).matchAll(/<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">/g)].map(
      ([, locale, href]) => [locale as string, targetOf(page, href as string)],
    ),
  );

describe('the demo shop', () => {
  it('is there in four languages, each page under its own address', () => {
    const locales = Map.groupBy(documents.values(), ({ locale }) => locale);
    expect([...locales.keys()].toSorted()).toEqual(['de', 'en', 'es', 'fr']);
    for (const some of locales.values()) expect(some.length).toBeGreaterThanOrEqual(7);
    expect(documents.get('de/index.html')?.url).toBe(`${SHOP}de/`);
    expect(documents.get('index.html')?.url).toBe(SHOP);
    expect(new Set([...documents.values()].map(({ url }) => url)).size).toBe(names.length);
  });

  it('has no link that leads to nothing', () => {
    const broken = names.flatMap(page =>
      [...(pages.get(page) as string).matchAll(/ (?:href|src|action)="([^"]+)"/g)].flatMap(([, href]) => {
        const target = targetOf(page, href as string);
        return target === undefined || demo.pages.has(target) ? [] : [`${page}: ${href}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it('names the translations of a page, and they name it', () => {
    const translated = names.filter(page => alternatesOf(page).size > 0);
    expect(translated).toHaveLength(28);
    for (const page of translated) {
      const alternates = alternatesOf(page);
      expect([...alternates.keys()].toSorted()).toEqual(['de', 'en', 'es', 'fr', 'x-default']);
      expect(alternates.get(documents.get(page)?.locale as string)).toBe(page);
      for (const target of alternates.values()) expect(alternatesOf(target as string)).toEqual(alternates);
    }
  });

  it('is asked about what stands on its pages, in the language of the page unless that is said', () => {
    const questions: { question: string; page?: string | null; pages?: string[]; locale?: string; pageIn?: string }[] =
      JSON.parse(readFileSync(`${import.meta.dirname}/questions.json`, 'utf8'));
    expect(new Set(questions.map(({ question }) => question)).size).toBe(questions.length);
    for (const { question, page, pages: several, locale = 'en', pageIn = locale } of questions) {
      for (const right of several ?? (page ? [page] : []))
        expect(documents.get(right)?.locale, `${question} (${right})`).toBe(pageIn);
    }
  });
});

describe('the addresses of the demo shop', () => {
  const router = new Router<RequestState>();
  demoRoutes(router, demo);
  const server = new Koa().use(router.routes() as Koa.Middleware).listen(0, '127.0.0.1');
  const get = (path: string) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { redirect: 'manual' });
  beforeAll(async () => {
    if (!server.listening) await new Promise(resolve => server.once('listening', resolve));
  });
  afterAll(() => server.close());

  it.each([
    ['/demo/', 'en'],
    ['/demo/shipping.html', 'en'],
    ['/demo/de/', 'de'],
    ['/demo/fr/retours.html', 'fr'],
    ['/demo/es/index.html', 'es'],
  ])('%s is a page in %s', async (path, locale) => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain(`<html lang="${locale}">`);
  });

  it.each(['/demo', '/demo/de'])('%s leads to its folder, where links start', async path => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('Location')]).toEqual([302, `${path}/`]);
  });

  it.each(['/demo/it/', '/demo/de/shipping.html', '/demo/de/de/versand.html', '/demo/de/..%2fshipping.html'])(
    '%s is nothing',
    async path => {
      expect((await get(path)).status).toBe(404);
    },
  );
});
