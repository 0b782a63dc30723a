// A web server for a folder: node serve.mjs [FOLDER] [--open]. It listens on
// 127.0.0.1 alone, tells its address, and with --open shows it in the browser.
import { spawn } from 'node:child_process';
import { createReadStream, realpathSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';

const types = {
	'.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
	'.mjs': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
	'.json': 'application/json', '.svg': 'image/svg+xml', '.woff2': 'font/woff2',
	'.txt': 'text/plain; charset=utf-8',
	'.wasm': 'application/wasm', '.epub': 'application/epub+zip', '.pdf': 'application/pdf',
};

// The file that is asked for, if it is in the folder.
function find(folder, url, prefix) {
	const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
	if (!path.startsWith(prefix))
		return null;
	const file = join(folder, path.slice(prefix.length));
	const real = realpathSync(path.endsWith('/') ? join(file, 'index.html') : file);
	return real.startsWith(folder + sep) ? real : null;
}

function answer(folder, prefix, request, response) {
	const end = (status, headers) => response.writeHead(status, headers).end();
	if (!['GET', 'HEAD'].includes(request.method))
		return end(405);
	let file, stat;
	try {
		file = find(folder, request.url, prefix);
		stat = file && statSync(file);
	} catch {
		file = null;
	}
	if (!file)
		return end(404);
	if (stat.isDirectory())
		return end(301, { location: request.url.replace(/(\?|$)/, '/$1') });
	const type = types[extname(file)] ?? 'application/octet-stream';
	response.writeHead(200, { 'content-type': type, 'content-length': stat.size, 'cache-control': 'no-cache' });
	if (request.method === 'HEAD')
		return response.end();
	pipeline(createReadStream(file), response, () => {}); // who asked may go away
}

// Resolves to { server, address }. With a prefix the site is there, and nothing else.
export function serve(folder, { port = 0, prefix = '/' } = {}) {
	const root = realpathSync(folder);
	const server = createServer((request, response) => answer(root, prefix, request, response));
	return new Promise((resolve, reject) => {
		server.on('error', reject);
		server.listen(port, '127.0.0.1', () =>
			resolve({ server, address: `http://127.0.0.1:${server.address().port}${prefix}` }));
	});
}

// A first port that is the same each time lets a browser keep what it has noted.
const serveAt = (folder, port) =>
	serve(folder, { port }).catch(() => serve(folder));

function open(address) {
	const browser = spawn(process.env.BROWSER || 'xdg-open', [address], { stdio: 'ignore' });
	browser.on('error', () => console.log('There is no browser to open it with: do it by hand.'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const folder = process.argv[2] ?? fileURLToPath(new URL('../site', import.meta.url));
	const { address } = await serveAt(folder, Number(process.env.PORT ?? 8010));
	console.log(`The book is at ${address} until you type Ctrl-C.`);
	if (process.argv.includes('--open'))
		open(address);
}
