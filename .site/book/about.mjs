// What a library wants to know of the book, and its cover.
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { pages, tree } from './parts.mjs';

export const title = 'isolate', subtitle = 'a container out of six namespaces, in C';
export const identifier = 'urn:uuid:6f1c2a0e-6d0b-4d5f-9a35-1501a7e00006';

// When the text was last changed: the same text has the same date.
function lastChange() {
	if (process.env.SOURCE_DATE_EPOCH)
		return Number(process.env.SOURCE_DATE_EPOCH);
	try {
		return Number(execFileSync('git', ['log', '-1', '--format=%ct', '--', ...pages],
			{ cwd: tree, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
	} catch { // not from git
		return Math.max(...pages.map(file => Math.floor(statSync(join(tree, file)).mtimeMs / 1000)));
	}
}

export const changed = new Date(lastChange() * 1000).toISOString().replace(/\.\d+/, '');

const namespaces = ['user', 'UTS', 'IPC', 'network', 'pid', 'mount'];

// Six boxes, one in the other.
function box(name, depth) {
	const at = 100 + depth * 48, width = 1000 - depth * 96, height = 830 - depth * 96;
	const light = 92 - depth * 11, ink = light > 55 ? '#1f2328' : '#ffffff';
	return `<rect x="${at}" y="${at + 510}" width="${width}" height="${height}" rx="10" fill="hsl(214, 52%, ${light}%)" stroke="#1f3a63" stroke-width="3"/>
<text x="${at + 18}" y="${at + 546}" font-size="28" fill="${ink}">${name}</text>`;
}

export const cover = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 1600" role="img" aria-label="${title}: ${subtitle}" font-family="Liberation Sans, Arial, Helvetica, sans-serif">
<rect width="1200" height="1600" fill="#ffffff"/>
<text x="100" y="300" font-size="180" font-weight="700" fill="#1f2328">${title}</text>
<text x="104" y="400" font-size="46" fill="#1f2328">${subtitle}</text>
${namespaces.map(box).join('\n')}
<text x="600" y="1050" text-anchor="middle" font-size="64" font-family="Liberation Mono, monospace" fill="#ffffff">process 1</text>
<text x="100" y="1510" font-size="32" fill="#57606a">${changed.slice(0, 10)}, MIT License</text>
</svg>`;
