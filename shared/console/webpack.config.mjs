import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import MiniCssExtractPlugin from 'mini-css-extract-plugin';
import webpack from 'webpack';

/** The most JavaScript that a first screen may need, in bytes after gzip. */
const FIRST_SCREEN_LIMIT = 250 * 1024;
/** What somebody may see first: who is not signed in, and who is. */
const FIRST_SCREENS = ['auth', 'shell', 'home'];

const target = 'es2022';

/** What @wordpress/a11y speaks by. It would make these itself, with inline styles that the page does not allow. */
const SPEAKING = [
  '<p id="a11y-speak-intro-text" class="a11y-speak-intro-text" hidden>Notifications</p>',
  ...['assertive', 'polite'].map(
    how =>
      `<div id="a11y-speak-${how}" class="a11y-speak-region screen-reader-text" aria-live="${how}" aria-relevant="additions text" aria-atomic="true"></div>`,
  ),
].join('\n');

/** Writes the page that loads the entry. The relay puts the nonce of each answer in. */
const writePage = {
  apply(compiler) {
    compiler.hooks.compilation.tap('writePage', compilation => {
      const stage = webpack.Compilation.PROCESS_ASSETS_STAGE_SUMMARIZE;
      compilation.hooks.processAssets.tap({ name: 'writePage', stage }, () => {
        const files = compilation.entrypoints.get('index').getFiles();
        const styles = files
          .filter(file => file.endsWith('.css'))
          .map(file => `<link rel="stylesheet" href="/console/${file}">`);
        const scripts = files
          .filter(file => file.endsWith('.js'))
          .map(file => `<script defer src="/console/${file}"></script>`);
        const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<meta property="csp-nonce" nonce="{nonce}">
<title>Confab</title>
<link rel="icon" href="data:,">
${[...styles, ...scripts].join('\n')}
</head>
<body>
<div id="console"></div>
${SPEAKING}
<noscript>The console needs JavaScript.</noscript>
</body>
</html>
`;
        compilation.emitAsset('index.html', new webpack.sources.RawSource(page));
      });
    });
  },
};

/** Prints what each chunk weighs, and fails the build where a first screen is over its limit. */
const checkSizes = {
  apply(compiler) {
    compiler.hooks.compilation.tap('checkSizes', compilation => {
      const stage = webpack.Compilation.PROCESS_ASSETS_STAGE_REPORT;
      compilation.hooks.processAssets.tap({ name: 'checkSizes', stage }, assets => {
        const scriptsOf = group => group?.getFiles().filter(file => file.endsWith('.js')) ?? [];
        const weigh = files =>
          [...new Set(files)].reduce((sum, file) => sum + gzipSync(assets[file].buffer(), { level: 9 }).length, 0);
        const shared = scriptsOf(compilation.entrypoints.get('index'));
        // A chunk is known by its name, or by what was imported.
        const groups = [...compilation.chunkGroups]
          .map(group => [group.name ?? group.origins[0]?.request ?? '', group])
          .filter(([name]) => name !== 'index');
        const shell = scriptsOf(compilation.namedChunkGroups.get('shell'));
        for (const name of FIRST_SCREENS.filter(first => !compilation.namedChunkGroups.has(first))) {
          compilation.errors.push(new webpack.WebpackError(`There is no chunk "${name}" whose size could be checked`));
        }
        const lines = [`${'index'.padEnd(24)}${String(weigh(shared)).padStart(8)}`];
        for (const [name, group] of groups) {
          // Whoever is signed in has the shell around every screen.
          const first = [...shared, ...(name === 'auth' ? [] : shell), ...scriptsOf(group)];
          lines.push(
            `${name.padEnd(24)}${String(weigh(scriptsOf(group))).padStart(8)}${String(weigh(first)).padStart(10)}`,
          );
          if (FIRST_SCREENS.includes(name) && weigh(first) > FIRST_SCREEN_LIMIT) {
            const over = weigh(first) - FIRST_SCREEN_LIMIT;
            const message = `The first screen "${name}" needs ${weigh(first)} bytes of JavaScript after gzip, ${over} too many`;
            compilation.errors.push(new webpack.WebpackError(message));
          }
        }
        compilation.getLogger('sizes').info(['gzipped JavaScript: alone, and with all it needs', ...lines].join('\n'));
      });
    });
  },
};

/** The console that the relay serves. What it shows inside WordPress is built there, by WordPress's own tools. */
export default {
  mode: 'production',
  context: import.meta.dirname,
  entry: { index: './src/index.tsx' },
  target: ['web', target],
  devtool: false,
  output: {
    path: path.join(import.meta.dirname, 'dist'),
    publicPath: '/console/',
    filename: 'assets/[name].[contenthash:12].js',
    chunkFilename: 'assets/[name].[contenthash:12].js',
    clean: { keep: /^\.made-from$/ },
  },
  resolve: {
    // That build is for WordPress' own scripts: it carries every component a second time, and its styles know no nonce.
    alias: { '@wordpress/dataviews/wp$': fileURLToPath(import.meta.resolve('@wordpress/dataviews')) },
  },
  module: {
    rules: [
      { test: /\.tsx?$/, loader: 'esbuild-loader', options: { target, jsx: 'automatic' } },
      { test: /\.po$/, loader: path.join(import.meta.dirname, 'po-loader.mjs') },
      {
        test: /\.css$/,
        // Whatever its package says: DataViews' would leave its own stylesheet out.
        sideEffects: true,
        use: [MiniCssExtractPlugin.loader, 'css-loader', { loader: 'esbuild-loader', options: { minify: true } }],
      },
    ],
  },
  plugins: [
    new MiniCssExtractPlugin({
      filename: 'assets/[name].[contenthash:12].css',
      chunkFilename: 'assets/[name].[contenthash:12].css',
    }),
    // See there.
    new webpack.NormalModuleReplacementPlugin(
      /\/style-provider\/index\.mjs$/,
      path.join(import.meta.dirname, 'src/hosted/style-provider.tsx'),
    ),
    writePage,
    checkSizes,
  ],
  optimization: { splitChunks: { chunks: 'all', maxInitialRequests: 6 } },
  performance: false, // checkSizes is stricter
  stats: { preset: 'errors-warnings', logging: 'info' },
};
