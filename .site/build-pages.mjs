// Makes the pages, and puts them into site/, which has more in it than these.
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vitepress';
import { site, stage, tree } from './pages.mjs';

const others = ['machine', 'isolate.epub', 'isolate.pdf'];
const html = join(site, 'build/html'), output = join(tree, 'site');

stage();
await build(site);
rmSync(join(html, '404.html')); // it could not know where it is
mkdirSync(output, { recursive: true });
for (const name of readdirSync(output).filter(name => !others.includes(name)))
	rmSync(join(output, name), { recursive: true });
cpSync(html, output, { recursive: true });
