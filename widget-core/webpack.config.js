import { createHash } from 'node:crypto';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import webpack from 'webpack';

const LOADER = 'confab-loader.js';
const PANEL = 'confab-panel.js';
const PAGES = 'confab-pages.js';
const PROOF = 'confab-proof.js';
const FILES = [PANEL, PAGES, PROOF];

/** The most that each file may weigh on the wire, in bytes after gzip. */
const GZIP_LIMITS = { [LOADER]: 3 * 1024, [PANEL]: 20 * 1024, [PAGES]: 8 * 1024, [PROOF]: 1024 };
/** Shopify's consent manager asks for more code than that of WordPress; Shopify itself allows 10,000 bytes raw. */
const SHOPIFY_GZIP_LIMITS = { ...GZIP_LIMITS, [LOADER]: 3.25 * 1024 };

const target = 'es2022';

/**
 * Bakes the hash of the other files into the loader, so that a cache never mixes two versions of them: the panel asks for
 * what it needs under its own version.
 */
const pinFiles = {
  apply(compiler) {
    compiler.hooks.compilation.tap('pinFiles', compilation => {
      const stage = webpack.Compilation.PROCESS_ASSETS_STAGE_OPTIMIZE_HASH;
      compilation.hooks.processAssets.tap({ name: 'pinFiles', stage }, assets => {
        if ([LOADER, ...FILES].some(file => !assets[file])) return; // the compilation has failed already, and says why
        const hash = createHash('sha256');
        for (const file of FILES) hash.update(assets[file].buffer());
        const loader = assets[LOADER].source().toString();
        if (!loader.includes('PANEL_VERSION')) throw new Error(`${LOADER} has no place for the panel's version`);
        const version = hash.digest('hex').slice(0, 12);
        compilation.updateAsset(LOADER, new webpack.sources.RawSource(loader.replace('PANEL_VERSION', version)));
      });
    });
  },
};

/** Prints what each file weighs, and fails the build when one is over its limit. */
const checkSizes = limits => ({
  apply(compiler) {
    compiler.hooks.compilation.tap('checkSizes', compilation => {
      const stage = webpack.Compilation.PROCESS_ASSETS_STAGE_REPORT;
      compilation.hooks.processAssets.tap({ name: 'checkSizes', stage }, assets => {
        const columns = (...cells) =>
          cells.map((cell, i) => String(cell)[i ? 'padStart' : 'padEnd'](i ? 8 : 18)).join('');
        const lines = [columns('bytes', 'raw', 'gzip', 'brotli', 'limit')];
        for (const [file, limit] of Object.entries(limits)) {
          const bytes = assets[file]?.buffer();
          if (!bytes) continue; // the compilation has failed already, and says why
          const gzip = gzipSync(bytes, { level: 9 }).length;
          lines.push(columns(file, bytes.length, gzip, brotliCompressSync(bytes).length, limit));
          if (gzip > limit) {
            compilation.errors.push(
              new webpack.WebpackError(
                `${file} is ${gzip} bytes after gzip, ${gzip - limit} over its limit of ${limit}`,
              ),
            );
          }
        }
        compilation.getLogger('sizes').info(lines.join('\n'));
      });
    });
  },
});

const base = {
  mode: 'production',
  context: import.meta.dirname,
  entry: {
    'confab-loader': './src/loader.ts',
    // A plain script, not a module: a shop whose files come from another host may not send the CORS headers that
    // modules need. What it leaves in `window` it says itself, which is smaller than a library of webpack's.
    'confab-panel': './src/panel.ts',
    'confab-pages': { import: './src/pages/pages.ts', library: { name: ['confabFiles', 'pages'], type: 'window' } },
    'confab-proof': { import: './src/proof.ts', library: { name: ['confabFiles', 'proof'], type: 'window' } },
  },
  target: ['web', target],
  devtool: false,
  module: {
    rules: [
      { test: /\.ts$/, loader: 'esbuild-loader', options: { target } },
      { test: /\.css$/, type: 'asset/source', loader: 'esbuild-loader', options: { loader: 'css', minify: true } },
    ],
  },
  performance: false, // checkSizes is stricter
  stats: { preset: 'errors-warnings', logging: 'info' },
};

const output = path.join(import.meta.dirname, 'dist');
const forOthers = new webpack.NormalModuleReplacementPlugin(/\/for-shopify\.ts$/, './for-others.ts');

/** The widget for everybody, and in a folder below it the one that Shopify's theme app extension carries. */
export default [
  {
    ...base,
    name: 'everybody',
    output: { path: output, filename: '[name].js', clean: { keep: /^shopify\// } },
    plugins: [forOthers, pinFiles, checkSizes(GZIP_LIMITS)],
  },
  {
    ...base,
    name: 'shopify',
    output: { path: path.join(output, 'shopify'), filename: '[name].js', clean: true },
    plugins: [pinFiles, checkSizes(SHOPIFY_GZIP_LIMITS)],
  },
];
