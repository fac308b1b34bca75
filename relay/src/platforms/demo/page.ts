import type { DocumentUpsert } from '@confab/contract';

/**
 * A page of the demo shop as its document: what stands in `<main>`, and the facts of its `confab:…` meta tags. The pages
 * are our own files, so plain patterns read them.
 */
export function documentOf(fileName: string, html: string, shopUrl: string): DocumentUpsert {
  const { type, updated, ...facts } = metaOf(html);
  const main = /<main[^>]*>(.*)<\/main>/s.exec(html)?.[1];
  if (main === undefined || !type || !updated)
    throw new Error(`${fileName} lacks <main>, confab:type or confab:updated`);
  const locale = /<html lang="([^"]*)">/.exec(html)?.[1];
  return {
    externalId: fileName,
    type: type as DocumentUpsert['type'],
    url: `${shopUrl}${fileName.replace(/(^|\/)index\.html$/, '$1')}`,
    title: withoutEntities(/<title>(.*?)<\/title>/.exec(html)?.[1] ?? fileName).split(' – ')[0] as string,
    html: main,
    ...(locale && { locale }),
    attributes: facts,
    updatedAt: updated,
  };
}

function metaOf(html: string): Record<string, string> {
  const tags = html.matchAll(/<meta name="confab:([a-z]+)" content="([^"]*)">/g);
  return Object.fromEntries([...tags].map(([, name, content]) => [name, withoutEntities(content as string)]));
}

const withoutEntities = (text: string): string =>
  text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&');
