import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, openAnd } from '../../../e2e/browser.ts';
import { type Core, whyMissing } from '../bed/prepare.mjs';
import { connectHeadless, onCore, openStage, type Page, type Stage, savePage } from './stage.ts';

/** What optimisers and hosts do to a page, by the value of ?as= in its address. */
const OPTIMISER = `<?php
$as = isset( $_GET['as'] ) ? $_GET['as'] : '';
if ( 'csp' === $as ) {
	header( "Content-Security-Policy: script-src 'self'" );
}
ob_start(
	static function ( $html ) use ( $as ) {
		$loader = '#<script[^>]*confab-loader\\.js[^>]*></script>#';
		$code   = file_get_contents( WP_PLUGIN_DIR . '/confab/widget/confab-loader.js' );
		$ways   = array(
			'async'   => static fn( $tag ) => str_replace( array( ' defer', 'data-wp-strategy="defer"' ), array( ' async', '' ), $tag[0] ),
			'inlined' => static fn() => '<script>' . $code . '</script>',
			'merged'  => static fn() => '<script src="/merged.js" defer></script>',
			'delayed' => static fn() => '<script>addEventListener("load",()=>setTimeout(()=>{' . $code . '}))</script>',
		);
		if ( isset( $ways[ $as ] ) ) {
			$html = preg_replace_callback( $loader, $ways[ $as ], $html );
		}
		if ( 'csp' === $as ) {
			// A shop with such a policy has no inline scripts, nor what hangs on them; ours is data.
			$inline = '#<script(?![^>]* src=)(?![^>]*"application/json")[^>]*>.*?</script>|<script[^>]*(wp-consent-api|"module")[^>]*></script>#s';
			$html   = preg_replace( $inline, '', $html );
		}
		if ( 'in-head' === $as && preg_match( $loader, $html, $tag ) ) {
			$html = str_replace( '</head>', '<script>' . $code . '</script></head>', str_replace( $tag[0], '', $html ) );
		}
		return $html;
	}
);
`;

for (const core of ['current', 'floor'] satisfies Core[]) {
  describe.skipIf(whyMissing(core))(onCore(core, 'the chat on public pages'), () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage({ core, plugins: ['wp-consent-api'] });
      await connectHeadless(stage);
      const files = join(stage.site.folder, 'wp-content');
      await writeFile(join(files, 'mu-plugins/optimiser.php'), OPTIMISER);
      const loader = await readFile(join(files, 'plugins/confab/widget/confab-loader.js'), 'utf8');
      await writeFile(join(stage.site.folder, 'merged.js'), `window.shopRan = 1;\n;${loader}`);
    });
    afterEach(() => stage.expectNoFault());
    afterAll(() => stage?.close());

    const arrive = async (path = '/') => {
      const tab = await stage.newTab();
      await tab.page.goto(stage.site.url + path);
      return tab;
    };
    const html = async (path = '/', headers = {}) => {
      const response = await fetch(stage.site.url + path, { headers });
      return { text: await response.text(), headers: response.headers };
    };
    const ours = async (page: Page) =>
      (await page.context().cookies()).filter(({ name }) => name === 'cf_conversation');
    const lastDecision = async () => {
      const records = await stage.relay.rows('ConsentRecord');
      const { decision, source } = records.sort((a, b) => b.sequence - a.sequence)[0] ?? {};
      return [decision, source];
    };

    it('has the same bytes for every visitor, sets no cookie, and asks nobody else for anything', async () => {
      const first = await html();
      expect(await html('/', { Cookie: 'cf_conversation=0b0e7a3c-9a55-4a0c-8f3e-0d7c5a1f2b3c' })).toMatchObject({
        text: first.text,
      });
      expect(first.headers.getSetCookie()).toEqual([]);
      expect(first.headers.get('vary') ?? '').not.toMatch(/cookie/i);
      const { page, requests } = await arrive();
      await page.getByRole('button', { name: 'Open chat' }).waitFor();
      await page.waitForLoadState('networkidle');
      expect(requests.filter(url => !new RegExp(`^(blob:)?${stage.site.url}`).test(url))).toEqual([]);
      expect(requests.filter(url => url.includes('confab'))).toHaveLength(1);
      expect(await page.context().cookies()).toEqual([]);
    });

    it.each(['', 'async', 'inlined', 'merged', 'delayed', 'in-head', 'csp'])(
      'opens, however an optimiser has treated its script: %s',
      async as => {
        const { page, requests } = await arrive(`/?as=${as}`);
        await openAnd(page, 'Decline');
        expect(requests.filter(url => url.includes('confab-panel'))).toHaveLength(1);
        await page.context().close();
      },
    );

    it('opens on a page that a cache has kept since before an update, with the look of today', async () => {
      const old = (await html()).text.replace(/(confab-loader\.js\?ver=)[\w.-]+/, '$10.0.1-old');
      await writeFile(join(stage.site.folder, 'kept.html'), old.replace(/"version":"[^"]*"/, '"version":"0.0.1"'));
      const { page } = await arrive('/kept.html');
      await openAnd(page, 'Decline');
    });

    it('stands where the block and the shortcode are, once, and not in feeds', async () => {
      await savePage(stage.site, { title: 'Help', text: '<!-- wp:confab/chat /-->\n\n[confab_chat]' });
      const { page, requests } = await arrive('/help/');
      const places = page.getByRole('button', { name: 'Open chat' });
      await places.nth(1).waitFor();
      expect(await places.count()).toBe(2);
      expect(requests.filter(url => url.includes('confab-panel'))).toEqual([]);
      await places.nth(1).click();
      await page.getByRole('button', { name: 'Decline' }).click();
      await page.getByRole('region', { name: 'Chat with us' }).getByRole('textbox').waitFor();
      expect(await page.getByRole('dialog').count()).toBe(0);
      expect((await html('/feed/')).text).not.toContain('confab');
      expect((await html('/wp-json/wp/v2/pages?slug=help')).text).not.toContain('data-confab-inline');
      expect((await html('/wp-login.php')).text).not.toContain('confab');
    });

    it('has a block that the editor shows as a placeholder, without a script of the chat', async () => {
      const id = await savePage(stage.site, { title: 'Edited', text: '<!-- wp:confab/chat /-->', status: 'draft' });
      const page = await stage.admin();
      await page.goto(`${stage.site.url}/wp-admin/post.php?post=${id}&action=edit`);
      const canvas = page.frameLocator('iframe[name="editor-canvas"]');
      const inCanvas = canvas.getByText('Visitors find the assistant here.');
      await inCanvas.or(page.getByText('Visitors find the assistant here.')).first().waitFor();
      expect(await page.locator('confab-chat').count()).toBe(0);
      await page.context().close();
    });

    it('declares itself to the WP Consent API, and asks by its own notice where there is no manager', async () => {
      const declared = await stage.site.php(
        "echo wp_json_encode( array( consent_api_registered( 'confab/confab.php' ), wp_get_cookie_info( 'cf_conversation' ) ) );",
      );
      expect(JSON.parse(declared)).toEqual([
        true,
        expect.objectContaining({ plugin_or_service: 'confab', category: 'preferences', expires: '365 days' }),
      ]);
      const { page } = await arrive();
      await page.getByRole('button', { name: 'Open chat' }).click();
      await page.getByRole('button', { name: 'Accept' }).waitFor();
    });

    it('follows the consent manager: its yes, its no, and its withdrawal', async () => {
      const banner = join(import.meta.dirname, '../tests/stand-ins/consent-banner');
      await cp(banner, join(stage.site.folder, 'wp-content/plugins/consent-banner'), { recursive: true });
      await stage.site.php(
        "require_once ABSPATH . 'wp-admin/includes/plugin.php'; activate_plugin( 'consent-banner/consent-banner.php' );",
      );
      const { page } = await arrive();
      await page.getByRole('button', { name: 'Allow cookies' }).click();
      expect(await ours(page)).toEqual([]);
      await page.getByRole('button', { name: 'Open chat' }).click();
      const field = page.getByRole('textbox', { name: 'Write your question' });
      await field.fill('Where is Iceland?');
      await field.press('Enter');
      await eventually(() => ours(page).then(({ length }) => length)).toBe(1);
      expect(await lastDecision()).toEqual(['granted', 'platform']);
      await page.reload();
      await page.getByRole('button', { name: 'Refuse cookies' }).click();
      await eventually(() => ours(page)).toEqual([]);
      await eventually(() => stage.relay.rows('Conversation')).toEqual([]);
      expect(await lastDecision()).toEqual(['withdrawn', 'platform']);
    });
  });
}
