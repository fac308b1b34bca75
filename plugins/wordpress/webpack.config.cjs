const { join } = require('node:path');
const [scripts] = [require('@wordpress/scripts/config/webpack.config')].flat();

/** The admin screens: admin.js for the page, and the lists with DataViews in one chunk of their own. */
module.exports = {
  ...scripts,
  entry: { admin: join(__dirname, 'src/index.tsx') },
  output: { ...scripts.output, path: join(__dirname, 'dist/admin') },
  optimization: {
    ...scripts.optimization,
    splitChunks: { cacheGroups: { default: false, defaultVendors: false } },
  },
  performance: false,
};
