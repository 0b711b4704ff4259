// Builds what changed: TypeScript by project references, the native addon by its own script. Without a C++ compiler the
// build goes on; dtls-openssl is then reported as unavailable by `probe`, never as broken.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (file, args) => spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' }).status ?? 1;

const types = run('node_modules/typescript/bin/tsc', ['-b']);
const native = 'packages/dtls-openssl/scripts/build-native.mjs';
if (existsSync(new URL(native, new URL('..', import.meta.url)))) run(native, []);
process.exit(types);
