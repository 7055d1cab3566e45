// What follows a build: the budget of the first load is checked, and text files are compressed once
// here instead of with every answer. The manifest served only this and is not shipped.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const limitKb = 130;
const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'));
const entries = ['index.html', 'src/shell/AppShell.tsx', 'src/pages/overview/OverviewPage.tsx'];

const first = new Set();
const visit = (key) => {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`${key} is not a chunk of the build: mend tools/finish.mjs`);
  if (first.has(chunk.file)) return;
  first.add(chunk.file);
  for (const next of chunk.imports ?? []) visit(next);
};
entries.forEach(visit);

const sizes = new Map();
for (const name of readdirSync('dist/assets')) {
  if (!/\.(js|css)$/.test(name)) continue;
  const file = `dist/assets/${name}`;
  const content = readFileSync(file);
  const gzip = gzipSync(content, { level: 9 });
  sizes.set(`assets/${name}`, gzip.length);
  writeFileSync(`${file}.gz`, gzip);
  writeFileSync(
    `${file}.br`,
    brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
  );
}
rmSync('dist/.vite', { recursive: true });

const scripts = [...first].filter((file) => file.endsWith('.js'));
const kb = scripts.reduce((sum, file) => sum + sizes.get(file), 0) / 1024;
if (kb > limitKb) {
  rmSync('dist/index.html');
  console.error(`First load: ${kb.toFixed(1)} KB of script (gzip), above ${limitKb} KB.`);
  process.exit(1);
}
console.log(`First load: ${kb.toFixed(1)} KB of script (gzip) of ${limitKb} KB.`);
