// The machine in the pages, in a browser: what it loads, how long it takes, and
// that the buttons below the console blocks give what the book prints.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import { blocksOf } from '../machine/blocks.mjs';
import { comparer } from '../machine/compare.mjs';
import { tree } from '../pages.mjs';
import { startBrowser, startServer } from './browser.mjs';

const MEGABYTES = 25;
const SECONDS_TO_PROMPT = Number(process.env.SECONDS_TO_PROMPT ?? 15);
const LIMIT = { timeout: 300_000 };
const CHAPTER = 'step1-userns/README.md';

let browser, site, tab, loaded = 0, errors = [];

before(async () => {
	browser = await startBrowser();
	site = await startServer();
	const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
	tab = await context.newPage();
	tab.on('pageerror', error => errors.push(error.message));
	tab.on('console', message => ['error', 'warning'].includes(message.type()) && errors.push(message.text()));
	tab.on('response', response => {
		if (response.url().includes('/machine/') || response.url().includes('xterm'))
			loaded += Number(response.headers()['content-length']);
	});
}, LIMIT);

after(async () => {
	await browser?.close();
	site?.server.close();
});

const buttons = () => tab.getByRole('button', { name: 'Run it in the machine' });
const buttonOf = text => tab.locator('.console-block').filter({ hasText: text.split('\n')[0] })
	.getByRole('button', { name: 'Run it in the machine' }).first();

// Clicks the button of a block; returns what each of its commands has printed.
async function click(button) {
	const printed = tab.evaluate(() => new Promise(resolve =>
		addEventListener('machine-ran', event => resolve(event.detail), { once: true })));
	await button.click();
	return printed;
}

function check(marks, block, printed) {
	const { isRight } = comparer(marks.varies);
	block.forEach(({ command, output }, index) => {
		const expected = output.map(row => `${row}\n`).join('');
		assert.ok(isRight(expected, printed[index] ?? ''), `$ ${command}\n-${expected}+${printed[index]}`);
	});
}

test('what compares sees a difference', () => {
	const block = [{ command: 'echo $$', output: ['4711'] }, { command: 'echo $$', output: ['4711'] }];
	const marks = { varies: '4711' };
	check(marks, block, ['1\n', '1\n']);
	assert.throws(() => check(marks, block, ['1\n', '2\n']));
	assert.throws(() => check(marks, block, ['1\n']));
	assert.throws(() => check({}, block, ['1\n', '1\n']));
});

test('nothing of the machine is loaded until one asks for it', async () => {
	await tab.goto(site.address + 'step1-userns/');
	await buttons().first().waitFor();
	assert.equal(loaded, 0);
}, LIMIT);

test(`the machine is at its prompts within ${SECONDS_TO_PROMPT} s, and loads at most ${MEGABYTES} MB`, async t => {
	const start = Date.now();
	await buttons().first().scrollIntoViewIfNeeded();
	await tab.locator('.VPSidebar a', { hasText: 'A Linux in the page' }).click();
	await tab.getByRole('button', { name: 'Start the machine' }).click();
	await tab.getByRole('progressbar').waitFor();
	await tab.locator('.xterm-rows', { hasText: 'user@host:~/isolate$' }).first().waitFor({ timeout: 120_000 });
	const seconds = (Date.now() - start) / 1000;
	t.diagnostic(`${seconds.toFixed(1)} s, ${(loaded / 1e6).toFixed(2)} MB`);
	assert.ok(loaded > 5e6, 'it was seen');
	assert.ok(loaded <= MEGABYTES * 1e6, `${loaded} bytes`);
	assert.ok(seconds <= SECONDS_TO_PROMPT, `${seconds} s`);
}, LIMIT);

test('the clock is right', async () => {
	await tab.locator('.VPSidebar a', { hasText: 'Start' }).click();
}, LIMIT);

// By hand, and what comes after it. The machine goes on when one turns the page.
test("chapter 1's buttons give what the book prints", async t => {
	await tab.locator('.VPSidebar a', { hasText: 'Step 1' }).click();
	await tab.locator('h1', { hasText: 'Step 1' }).waitFor();
	const sections = ['By hand', 'Try it'], tried = { 'By hand': 0, 'Try it': 0 };
	const markdown = readFileSync(join(tree, CHAPTER), 'utf8');
	for (const { heading, marks, block, text, line } of blocksOf(markdown)) {
		if (!sections.includes(heading))
			continue;
		const start = Date.now();
		check(marks, block, await click(buttonOf(text)));
		t.diagnostic(`line ${line}: ${Date.now() - start} ms`);
		tried[heading]++;
	}
	assert.ok(tried['By hand'] >= 3 && tried['Try it'] >= 3, JSON.stringify(tried));
}, LIMIT);

test('nothing was said on the console', () => assert.deepEqual(errors, []));
