// Removes what tsc made, so that the next build starts from nothing.
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

for (const place of ['packages', 'examples']) {
  const folder = fileURLToPath(new URL(`../${place}`, import.meta.url));
  for (const name of readdirSync(folder)) {
    for (const made of ['dist', '.tsbuildinfo']) rmSync(`${folder}/${name}/${made}`, { recursive: true, force: true });
  }
}
