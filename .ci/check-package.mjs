// What `npm pack` would publish: the build with its types and source maps, the documents npm always adds, and nothing else.
import { execFileSync } from 'node:child_process';

const [pack] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
);
const allowed =
  /^(dist\/(index|(chunks|engine|workers|scheduler|connectors|cli|testing)\/[\w./-]+)\.(js|js\.map|d\.ts)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
const paths = pack.files.map(({ path }) => path);
const strays = paths.filter((path) => !allowed.test(path));
const scripts = paths.filter((path) => path.endsWith('.js'));
const bare = scripts.filter(
  (path) =>
    !paths.includes(`${path}.map`) ||
    // Chunks are code that entries share; the types are with the modules.
    !(path.startsWith('dist/chunks/') || paths.includes(path.replace(/\.js$/, '.d.ts'))),
);
const missing = ['dist/index.js', 'dist/cli/main.js', 'README.md', 'LICENSE', 'CHANGELOG.md'].filter(
  (path) => !paths.includes(path),
);
for (const path of strays) console.error(`not for publication: ${path}`);
for (const path of bare) console.error(`without types or source map: ${path}`);
for (const path of missing) console.error(`missing: ${path}`);
if (strays.length + bare.length + missing.length > 0) process.exitCode = 1;
else console.log(`npm pack: ${paths.length} files, ${(pack.size / 1024).toFixed(0)} KiB packed`);
