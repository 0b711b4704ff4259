// Compiles the addon when native/ or the platform changed, with the headers that node brought along. Without a compiler
// it says so in one line and succeeds: dtls-openssl is then reported as unavailable by `probe`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const addon = join(root, 'build/Release/dtls_openssl.node');
const stamp = join(root, 'build/.stamp');

const wanted = fingerprint();
if (existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) process.exit(0);

const missing = missingTool();
if (missing !== undefined) {
  console.error(`dtls-openssl: ${missing} was not found, so its native addon is not built and it will be unavailable`);
  process.exit(0);
}
process.exit(build());

/** Everything that the result depends on. */
function fingerprint() {
  const hash = createHash('sha256');
  hash.update(`${process.platform} ${process.arch} ${process.versions.modules} ${process.env.CXXFLAGS ?? ''}\n`);
  const sources = readdirSync(join(root, 'native')).map((name) => join('native', name));
  for (const name of ['binding.gyp', ...sources.sort()]) hash.update(name).update(readFileSync(join(root, name)));
  return hash.digest('hex');
}

/** What node-gyp needs and does not find; undefined: all there. Windows tools are found by node-gyp itself. */
function missingTool() {
  if (process.platform === 'win32') return undefined;
  const runs = (names) => names.some((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  const compilers = [...(process.env.CXX ? [process.env.CXX.split(' ')[0]] : []), 'c++', 'g++', 'clang++'];
  if (!runs(compilers)) return 'a C++ compiler (c++, g++ or clang++)';
  if (!runs(['make', 'gmake'])) return 'make';
  if (!runs([process.env.npm_config_python ?? 'python3', 'python3', 'python'])) return 'python3';
  return undefined;
}

function build() {
  const gyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  const headers = nodedir();
  const options = headers === undefined ? [] : [`--nodedir=${headers}`];
  rmSync(stamp, { force: true });
  const run = spawnSync(process.execPath, [gyp, 'rebuild', `--directory=${root}`, '--loglevel=error', ...options], {
    encoding: 'utf8',
    env: { ...process.env, MAKEFLAGS: process.env.MAKEFLAGS ?? '-s' },
  });
  if (run.status !== 0) {
    console.error(`dtls-openssl: its native addon could not be built\n${run.stdout}${run.stderr}`);
    return 1;
  }
  writeFileSync(stamp, wanted);
  return 0;
}

/** Folder whose include/node holds node's headers with those of its OpenSSL: as configured, else beside this node. */
function nodedir() {
  const configured = process.env.npm_config_nodedir ?? configuredNodedir();
  if (configured !== undefined) return configured;
  const prefix = resolve(dirname(process.execPath), '..');
  return existsSync(join(prefix, 'include/node/openssl')) ? prefix : undefined;
}

function configuredNodedir() {
  const asked = spawnSync('npm', ['config', 'get', 'nodedir'], { encoding: 'utf8', cwd: root });
  const value = asked.status === 0 ? asked.stdout.trim() : '';
  return value === '' || value === 'undefined' || value === 'null' ? undefined : value;
}
