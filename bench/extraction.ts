import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cleanHtml } from '@confab/relay/features/knowledge/clean.ts';
import { parsePage } from '@confab/relay/lib/extract/dom.ts';
import { createExtractor } from '@confab/relay/lib/extract/extractor.ts';
import { prepareBed, whyMissing } from '../plugins/wordpress/bed/prepare.mjs';
import { makeSite } from '../plugins/wordpress/bed/site.ts';

const usage = `Measures how well the main text of pages is found, and how quickly. WordPress's own test posts go into a local
WordPress, and are fetched as each of its default themes shows them; what is right is what WordPress itself renders of the
post, without the theme. Prints a Markdown table.

Usage: npm run bench:extraction -- [options]

  --pages file.json    keeps the labelled pages there, and takes them from there where they are
  --worst 5            also lists so many pages on which ours does worst
  --help               this text`;

const { values: options } = parseArgs({
  options: {
    pages: { type: 'string' },
    worst: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});

/** The themes beside the one that the core brings, as Debian 12 has them. The last is of the kind before blocks. */
const THEMES = ['twentytwentythree', 'twentytwentytwo', 'twentytwentyone'];
const POSTS = join(import.meta.dirname, '../../shared/data/fetched/cms/themeunittestdata.wordpress.xml.gz');
/** A page of fewer words says more about the measure than about who is measured. */
const WORDS_MIN = 20;

type Page = { theme: string; url: string; html: string; label: string };

/** The posts and pages with their comments, categories and tags; files are not there, and are left out. */
const IMPORT = `
  $feed = simplexml_load_string( gzdecode( file_get_contents( 'FILE' ) ), null, LIBXML_NOCDATA );
  kses_remove_filters();
  foreach ( $feed->channel->item as $item ) {
    $wp = $item->children( 'wp', true );
    if ( ! in_array( (string) $wp->post_type, array( 'post', 'page' ), true ) || 'publish' !== (string) $wp->status ) continue;
    if ( '' !== (string) $wp->post_password ) continue;
    $id = wp_insert_post( wp_slash( array(
      'post_type'      => (string) $wp->post_type,
      'post_status'    => 'publish',
      'post_title'     => (string) $item->title,
      'post_name'      => (string) $wp->post_name,
      'post_date'      => (string) $wp->post_date,
      'post_content'   => (string) $item->children( 'content', true )->encoded,
      'post_excerpt'   => (string) $item->children( 'excerpt', true )->encoded,
      'comment_status' => 'open',
    ) ) );
    foreach ( $item->category as $category ) {
      $taxonomy = 'post_tag' === (string) $category['domain'] ? 'post_tag' : 'category';
      if ( 'post' === (string) $wp->post_type ) wp_set_object_terms( $id, (string) $category, $taxonomy, true );
    }
    foreach ( $wp->comment as $comment ) {
      wp_insert_comment( wp_slash( array(
        'comment_post_ID'  => $id,
        'comment_author'   => (string) $comment->comment_author,
        'comment_date'     => (string) $comment->comment_date,
        'comment_content'  => (string) $comment->comment_content,
        'comment_approved' => 1,
        'comment_type'     => (string) $comment->comment_type ?: 'comment',
      ) ) );
    }
  }`;

const LABELS = `
  $found = array();
  foreach ( get_posts( array( 'post_type' => array( 'post', 'page' ), 'numberposts' => -1, 'orderby' => 'ID', 'order' => 'ASC' ) ) as $post ) {
    $GLOBALS['post'] = $post;
    setup_postdata( $post );
    $shown = preg_replace( '/<!--more.*?-->/', '', explode( '<!--nextpage-->', $post->post_content )[0] );
    $found[] = array( 'url' => get_permalink( $post ), 'content' => apply_filters( 'the_content', $shown ) );
  }
  echo wp_json_encode( $found );`;

if (options.help) {
  console.log(usage);
} else {
  const pages = await labelledPages(options.pages);
  const extractor = createExtractor();
  const bytesOf = (html: string) => new TextEncoder().encode(html);
  const ours = async ({ html, url }: Page) => {
    const input = { kind: 'html', bytes: bytesOf(html), url, contentType: 'text/html; charset=UTF-8' } as const;
    const { html: content } = await extractor.extract(input).catch(() => ({ html: '' }));
    return cleanHtml(content ?? '') ?? '';
  };
  const ways: [string, (page: Page) => string | Promise<string>][] = [
    ['the whole page by html-to-text', ({ html }) => cleanHtml(html) ?? ''],
    ['`article`, else `main`, by linkedom', ({ html }) => landmark(html, 'article', 'main')],
    ['`main`, else `article`, by linkedom', ({ html }) => landmark(html, 'main', 'article')],
    ['ours: readability + linkedom, in its worker', ours],
  ];
  const rows: string[] = [];
  for (const [title, read] of ways) {
    // Once for what has to be loaded and compiled.
    await read(pages[0] as Page);
    const scores: { page: Page; f1: number; ms: number }[] = [];
    for (const page of pages) {
      const before = performance.now();
      const text = await read(page);
      scores.push({ page, f1: f1(words(text), words(page.label)), ms: performance.now() - before });
    }
    const of = (theme?: string) =>
      mean(scores.filter(({ page }) => !theme || page.theme === theme).map(each => each.f1)).toFixed(3);
    const ms = median(scores.map(each => each.ms)).toFixed(1);
    rows.push(`| ${[title, of(), ...themesOf(pages).map(of), ms].join(' | ')} |`);
    if (read === ours) {
      for (const { page, f1: score } of scores.toSorted((a, b) => a.f1 - b.f1).slice(0, Number(options.worst))) {
        console.log(`${score.toFixed(3)} ${page.theme} ${page.url}`);
      }
    }
  }
  await extractor.close();
  const heads = ['', 'F1', ...themesOf(pages), 'median ms a page'];
  console.log(`\n${pages.length} pages\n\n| ${heads.join(' | ')} |\n| --- |${' ---: |'.repeat(heads.length - 1)}`);
  console.log(rows.join('\n'));
}

function landmark(html: string, ...names: string[]): string {
  const page = parsePage(html);
  const found = names.map(name => page.querySelector(name)).find(Boolean) ?? page.body;
  return cleanHtml(String(found)) ?? '';
}

function themesOf(pages: Page[]): string[] {
  return [...new Set(pages.map(({ theme }) => theme))];
}

/** Letters and figures, in lower case. */
function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** How much of one is in the other, each word as often as it stands there. */
function f1(found: string[], label: string[]): number {
  const left = new Map<string, number>();
  for (const word of label) left.set(word, (left.get(word) ?? 0) + 1);
  let same = 0;
  for (const word of found) {
    const count = left.get(word) ?? 0;
    if (count > 0) same += 1;
    left.set(word, count - 1);
  }
  return (2 * same) / (found.length + label.length || 1);
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function labelledPages(file: string | undefined): Promise<Page[]> {
  if (file && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const pages = await makePages();
  if (file) writeFileSync(file, JSON.stringify(pages));
  return pages;
}

async function makePages(): Promise<Page[]> {
  await prepareBed();
  const folder = mkdtempSync(join(tmpdir(), 'confab-themes-'));
  const site = await makeSite({ core: whyMissing('current') ? 'floor' : 'current', confab: 'none' });
  try {
    const fetched = fetchThemes(folder);
    for (const theme of fetched) {
      const into = join(site.folder, 'wp-content/themes', theme);
      if (!existsSync(into)) symlinkSync(join(folder, 'usr/share/wordpress/wp-content/themes', theme), into);
    }
    await site.php(IMPORT.replace('FILE', POSTS));
    const own = (await site.php('echo get_stylesheet();')).trim();
    const pages: Page[] = [];
    for (const theme of [own, ...fetched]) {
      await site.php(`switch_theme( '${theme}' );`);
      // As each theme is on: what a block renders to may depend on it.
      const posts: { url: string; content: string }[] = JSON.parse(await site.php(LABELS));
      for (const { url, content } of posts) {
        const label = `${cleanHtml(content) ?? ''}`;
        if (words(label).length < WORDS_MIN) continue;
        const response = await fetch(url);
        if (response.ok) pages.push({ theme, url, html: await response.text(), label });
      }
    }
    return pages;
  } finally {
    await site.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Those of the themes that Debian has here. */
function fetchThemes(folder: string): string[] {
  return THEMES.filter(theme => {
    try {
      execFileSync('apt-get', ['-qq', 'download', `wordpress-theme-${theme}`], { cwd: folder, stdio: 'ignore' });
      execFileSync('sh', ['-c', `dpkg -x wordpress-theme-${theme}_*.deb .`], { cwd: folder });
      return true;
    } catch {
      console.warn(`The theme ${theme} could not be fetched from Debian.`);
      return false;
    }
  });
}
