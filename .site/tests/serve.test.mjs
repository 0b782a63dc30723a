// The web server of `make open-site`, which the other tests use, too.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from '../serve.mjs';

let folder, server, address;

before(async () => {
	folder = mkdtempSync(join(tmpdir(), 'isolate-serve-'));
	mkdirSync(join(folder, 'site/sub'), { recursive: true });
	writeFileSync(join(folder, 'secret'), 'secret');
	writeFileSync(join(folder, 'site/index.html'), '<p>Hello');
	writeFileSync(join(folder, 'site/sub/a.wasm'), 'wasm');
	writeFileSync(join(folder, 'site/a.txt'), 'text');
	symlinkSync('../secret', join(folder, 'site/link'));
	({ server, address } = await serve(join(folder, 'site'), { prefix: '/book/' }));
});

after(() => {
	server.close();
	rmSync(folder, { recursive: true });
});

// A path as it is: fetch() would tidy it up first.
const get = (path, method = 'GET') => new Promise((resolve, reject) => {
	const asked = request(address, { method, path }, async response => {
		let body = '';
		for await (const part of response)
			body += part;
		resolve({ status: response.statusCode, headers: response.headers, body });
	});
	asked.on('error', reject).end();
});

test('files have their types, and folders their index', async () => {
	assert.equal((await get('/book/')).body, '<p>Hello');
	const wasm = await get('/book/sub/a.wasm?1');
	assert.deepEqual([wasm.body, wasm.headers['content-type'], wasm.headers['content-length']],
		['wasm', 'application/wasm', '4']);
	assert.equal((await get('/book/a.txt')).headers['content-type'], 'text/plain; charset=utf-8');
	const sub = await get('/book/sub');
	assert.deepEqual([sub.status, sub.headers.location], [301, '/book/sub/']);
	assert.equal((await get('/book/', 'HEAD')).body, '');
});

test('nothing outside of the folder is served', async () => {
	assert.equal((await get('/book/index.html')).status, 200);
	for (const path of ['/', '/index.html', '/book/gone', '/book/../secret', '/book/%2e%2e/secret',
		'/book/..%2fsecret', '/book/link', '/book//etc/passwd', '/book/%00', '/book/%zz', '/book/sub/'])
		assert.equal((await get(path)).status, 404, path);
	assert.equal((await get('/book/', 'POST')).status, 405);
});

test('it listens on this machine alone', () =>
	assert.equal(server.address().address, '127.0.0.1'));
