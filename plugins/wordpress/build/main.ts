import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { zipOf } from './zip.ts';

const [target = 'dist/confab.zip'] = process.argv.slice(2);
const { bytes, version, files } = zipOf();
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, bytes);
console.log(`✓ ${target}: Confab ${version} for WordPress, ${files} files, ${Math.ceil(bytes.length / 1024)} kB`);
