import { escaped, htmlPage } from '../../lib/html.ts';
import type { Listed } from './contents.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 2rem 1rem; max-width: 60rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { margin-top: 2rem; font-size: 1.125rem; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.375rem 0.5rem 0.375rem 0; text-align: start; vertical-align: top; border-bottom: 1px solid #8886; }
td.number, th.number { text-align: end; white-space: nowrap; }
`;

/** What the archive holds, to begin reading with. */
export function indexPage({
  account,
  exportedAt,
  files,
}: {
  account: { name: string };
  exportedAt: string;
  files: Listed[];
}): string {
  const sections = [...Map.groupBy(files, ({ site }) => site?.siteId)].map(([, of]) => {
    const site = of[0]?.site;
    return `<h2>${site ? `Site: ${escaped(site.name)}` : 'The account'}</h2>\n${table(of)}`;
  });
  const when = new Date(exportedAt).toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  const body = `<main><h1>Everything of ${escaped(account.name)}</h1>
<p>As of ${escaped(when)} UTC. Each file has one record in each line, as JSON (JSON Lines); <a href="index.json">index.json</a>
says which fields a record has, and has the SHA-256 of each file. Passwords, keys and secrets are in none of them.</p>
<p>Of people who had their data restricted there is no more than that. What is erased at the relay from now on is still in this
archive: keep it safe, and delete it when you need it no more.</p>
${sections.join('\n')}
</main>`;
  return htmlPage({ lang: 'en', title: `Everything of ${account.name}`, style: STYLE, body });
}

function table(files: Listed[]): string {
  const rows = files.map(
    ({ path, about, rows: count, bytes }) => `<tr><th scope="row"><a href="${escaped(path)}">${escaped(path)}</a></th>
<td>${escaped(about)}</td><td class="number">${count.toLocaleString('en')}</td><td class="number">${sizeOf(bytes)}</td></tr>`,
  );
  return `<table><thead><tr><th scope="col">File</th><th scope="col">What</th><th scope="col" class="number">Records</th>
<th scope="col" class="number">Size</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
