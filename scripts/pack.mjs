// Packs every package that is not private into the folder that is named: what `npm publish` would send. Builds nothing;
// `pnpm pack:all` begins with a clean build, because a file whose source is gone would otherwise go along.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node scripts/pack.mjs FOLDER');
  process.exit(2);
}

const names = readdirSync(`${root}/packages`)
  .map((name) => JSON.parse(readFileSync(`${root}/packages/${name}/package.json`, 'utf8')))
  .filter((manifest) => manifest.private !== true)
  .map(({ name }) => `--filter=${name}`);
// pnpm is a program of its own; whoever runs this by hand may not have it.
const called = process.env.npm_execpath ?? '';
const [command, ...first] = /[\\/]pnpm(\.exe)?$/.test(called) ? [called] : ['npx', '--yes', 'pnpm@12'];
const { status } = spawnSync(command, [...first, '--recursive', ...names, 'pack', '--pack-destination', folder], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
});
process.exit(status ?? 1);
