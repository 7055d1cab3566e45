// What follows a build: the first load is measured, which a test holds to its budget (build/web.sh),
// and text files are compressed once here instead of with every answer. The manifest served only this and is not shipped.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
const told = `First load: ${kb.toFixed(1)} KB of script (gzip), ${limitKb} KB at most.`;
mkdirSync('target', { recursive: true });
writeFileSync('target/first-load', `${kb > limitKb ? 'above' : 'within'}\n${told}\n`);
console.log(told);
