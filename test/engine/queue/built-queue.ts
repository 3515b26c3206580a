import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * The queue compiled as the package compiles it, from the source as it is now, into a folder of its own: threads cannot load
 * TypeScript on Node 20, and a build made earlier may be stale.
 *
 * @returns the URL of the compiled index.js, and what removes the folder
 */
export function buildQueue(): { indexUrl: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-queue-build-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const source = join(ROOT, 'engine', 'queue');
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: { rootDir: source, outDir: folder, sourceMap: true },
      files: readdirSync(source)
        .filter((file) => file.endsWith('.ts'))
        .map((file) => join(source, file)),
    }),
  );
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const compiled = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
  if (compiled.status !== 0) {
    remove();
    throw new Error(`The queue does not compile:\n${compiled.stdout}${compiled.stderr}`);
  }
  return { indexUrl: pathToFileURL(join(folder, 'index.js')).href, remove };
}
