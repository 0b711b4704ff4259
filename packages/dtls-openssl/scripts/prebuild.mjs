// Puts the addon that was compiled here where a published package carries it: prebuilds/PLATFORM-ARCH. The same binary
// serves Node 20 to 26, so a release needs one run on each platform; the folders of several are put side by side.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const compiled = fileURLToPath(new URL('../build/Release/dtls_openssl.node', import.meta.url));
const folder = fileURLToPath(new URL(`../prebuilds/${process.platform}-${process.arch}`, import.meta.url));

if (!existsSync(compiled)) {
  console.error(
    'dtls-openssl: there is no compiled addon to pack; `pnpm build` makes it where there is a C++ compiler',
  );
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
copyFileSync(compiled, `${folder}/dtls_openssl.node`);
