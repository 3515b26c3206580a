// After tsc: joins the modules of dist into a file for each entry and chunks that they share; types and source maps stay as they are.
//
// A thread takes about half a millisecond for each module that it loads, and a worker needs some 130 of ours before its first record. With
// five files instead, two workers start in three fifths of the time. Nothing is renamed or minified: stack traces stay readable.

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
const published = Object.values(exports).flatMap((target) => target.default?.slice(2) ?? []);
/** Named by URL or imported late by our own code, so they must be files of their own, where the source has them. */
const loadedByName = ['dist/workers/main.js', 'dist/scheduler/worker-threads.js'];
const connectors = published.filter((path) => path.includes('*'));
if (connectors.length > 0) throw new Error(`entries must be named one by one: ${connectors}`);

const modules = readdirSync('dist', { recursive: true })
  .filter((path) => path.endsWith('.js'))
  .map((path) => join('dist', path));
const { metafile } = await build({
  entryPoints: [...published, ...Object.values(bin), ...loadedByName],
  outdir: 'dist',
  outbase: 'dist',
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  // One level down, as the folders of the modules are: URLs relative to a module stay right in a chunk.
  chunkNames: 'chunks/[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
});
// What is in a chunk now would never be loaded.
for (const path of modules) {
  if (metafile.outputs[path] !== undefined) continue;
  rmSync(path);
  rmSync(`${path}.map`);
}
