// The machine in the pages, in a browser: what it loads, how long it takes, and
// that the buttons below the console blocks give what the book prints.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import { blocksOf, without } from '../machine/blocks.mjs';
import { comparer } from '../machine/compare.mjs';
import { texts, tree } from '../pages.mjs';
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

const focused = () => tab.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText.trim());
const says = (page, text) => page.locator('.machine .says', { hasText: text }).waitFor({ timeout: 120_000 });

// Clicks the button of a block; returns what each of its commands has printed.
async function click(button) {
	const printed = tab.evaluate(() => new Promise(resolve =>
		addEventListener('machine-ran', event => resolve(event.detail), { once: true })));
	await button.click();
	return printed;
}

function check(marks, block, printed) {
	const compared = comparer(marks.varies);
	block.forEach(({ command, output }, index) => {
		const expected = output.map(row => `${row}\n`).join('');
		assert.ok(compared.isRight(expected, printed[index] ?? '', command), `$ ${command}\n-${expected}+${printed[index]}`);
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
	assert.match(await focused(), /^Terminal outside/, 'one can type at once');
	t.diagnostic(`${seconds.toFixed(1)} s, ${(loaded / 1e6).toFixed(2)} MB`);
	assert.ok(loaded > 5e6, 'it was seen');
	assert.ok(loaded <= MEGABYTES * 1e6, `${loaded} bytes`);
	assert.ok(seconds <= SECONDS_TO_PROMPT, `${seconds} s`);
}, LIMIT);

// Types in a terminal, and waits for the words it then shows.
async function type(terminal, command, shown) {
	await tab.getByRole('button', { name: terminal, exact: true }).click();
	await tab.getByRole('textbox', { name: `Terminal ${terminal}` }).focus();
	await tab.keyboard.type(`clear; ${command}\n`);
	await tab.locator('.xterm-rows:visible', { hasText: shown }).waitFor({ timeout: 60_000 });
}

test('the clock is right, as it stood since the machine was saved', async () => {
	await type('outside', 'date -u +It-is-%Y-%m-%d', new Date().toISOString().replace(/^/, 'It-is-').slice(0, 16));
}, LIMIT);

for (const [terminal, who] of [['outside', 'the user'], ['root', 'root']]) {
	test(`isolate ps shows one process, isolate ping is answered, as ${who}`, async () => {
		await type(terminal, './step6-mntns/isolate ps -A -o pid= -o args= | cat -A; echo end', '1 ps -A -o pid= -o args=$end');
		await type(terminal, './step6-mntns/isolate ping -c 1 10.11.12.13', '1 packets transmitted, 1 received');
	}, LIMIT);
}

test('the compiler builds a program', async () => {
	await type('outside', `echo 'int main(void) { return 42; }' > /tmp/a.c; gcc -o /tmp/a /tmp/a.c; /tmp/a; echo "= $?"`, '= 42');
}, LIMIT);

test('Shift+Tab leaves a terminal', async () => {
	await tab.getByRole('textbox', { name: 'Terminal outside' }).focus();
	await tab.keyboard.press('Tab');
	const inTerminal = () => tab.evaluate(() => document.activeElement.matches('.xterm-helper-textarea'));
	assert.equal(await inTerminal(), true);
	await tab.keyboard.press('Shift+Tab');
	assert.equal(await inTerminal(), false);
}, LIMIT);

test('axe finds nothing in the panel, which is as wide as the page', async () => {
	await tab.evaluate(axe.source);
	const find = () => tab.evaluate(async () => (await window.axe.run('.machine')).violations
		.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html}`)));
	assert.deepEqual(await find(), []);
	await tab.evaluate(() => document.querySelector('.machine header').append(document.createElement('button')));
	assert.match((await find()).join(), /button-name/, 'it would see a fault');
	await tab.evaluate(() => document.querySelector('.machine header').lastChild.remove());
	await tab.setViewportSize({ width: 375, height: 700 });
	assert.equal(await tab.evaluate(() => document.documentElement.scrollWidth), 375);
	await tab.setViewportSize({ width: 1400, height: 900 });
}, LIMIT);

// By hand, and what comes after it. The machine goes on when one turns the page.
test("chapter 1's buttons give what the book prints", async t => {
	await tab.locator('.VPSidebar a', { hasText: 'Step 1' }).click();
	await tab.locator('h1', { hasText: 'Step 1' }).waitFor();
	const sections = ['By hand', 'Try it'], tried = { 'By hand': 0, 'Try it': 0 };
	const markdown = readFileSync(join(tree, CHAPTER), 'utf8');
	const all = [...blocksOf(markdown)], shown = tab.locator('.console-block');
	assert.equal(await shown.count(), all.length);
	for (const [index, { heading, marks, block, line }] of all.entries()) {
		if (!sections.includes(heading))
			continue;
		const start = Date.now();
		check(marks, block, await click(shown.nth(index).getByRole('button', { name: 'Run it in the machine' })));
		await says(tab, /^Done\.$/);
		t.diagnostic(`line ${line}: ${Date.now() - start} ms`);
		tried[heading]++;
	}
	assert.ok(tried['By hand'] >= 3 && tried['Try it'] >= 3, JSON.stringify(tried));
}, LIMIT);

// A block of chapter 1 that takes the terminal outside, and is quick.
const COMMAND = 'stat -c %U /etc/shadow';
const quick = (() => {
	const all = [...blocksOf(readFileSync(join(tree, CHAPTER), 'utf8'))];
	const index = all.findIndex(({ block }) => block.some(({ command }) => command.includes(COMMAND)));
	return { index, ...all[index] };
})();
const quickButton = () => tab.locator('.console-block').nth(quick.index).getByRole('button', { name: 'Run it' });

test('what is not as in the book is not called right', async () => {
	await type('outside', 'chmod -x step1-userns/isolate; echo "= $?"', '= 0');
	const printed = await click(quickButton());
	await says(tab, 'something else than the book');
	assert.throws(() => check(quick.marks, quick.block, printed));
	await type('outside', 'chmod +x step1-userns/isolate; echo "= $?"', '= 0');
}, LIMIT);

test('a block runs in the directory of the book, wherever the shell was', async () => {
	await type('outside', 'cd /; here=kept; echo is-$PWD', 'is-/');
	check(quick.marks, quick.block, await click(quickButton()));
	await type('outside', 'echo $here-in-$PWD', 'kept-in-/home/user/isolate');
}, LIMIT);

test('a program of the reader is not ended in silence, and leaves the terminal as it was', async () => {
	const rows = tab.locator('.xterm-rows:visible').first();
	await type('outside', 'less Makefile', 'PREFIX');
	await quickButton().click();
	await says(tab, 'less runs in the terminal outside');
	await rows.locator('text=/^Makefile|:$/').first().waitFor();
	check(quick.marks, quick.block, await click(quickButton()));
	await says(tab, /^Done\.$/);
	await rows.getByText('uid=7(lp)').first().waitFor();
	await type('outside', "echo $(stty -a | grep -c '^isig icanon iexten echo ') = $(stty size | grep -vc ' 80$')", '1 = 1');
}, LIMIT);

test('closed while a block runs, it opens again, and its buttons work', async () => {
	const opener = tab.getByRole('button', { name: 'Open the machine' });
	assert.equal(await opener.count(), 0);
	await tab.getByRole('button', { name: 'Close', exact: true }).click();
	await opener.click();
	assert.equal(await opener.count(), 0);
	await tab.getByRole('button', { name: 'Close', exact: true }).click();
	const ran = click(quickButton());
	await tab.waitForFunction(() => document.querySelector(".in-machine[aria-disabled='true']"));
	await tab.getByRole('button', { name: 'Close', exact: true }).click();
	await opener.waitFor();
	assert.match(await focused(), /^Run it in the machine/, 'where one was');
	check(quick.marks, quick.block, await ran);
	check(quick.marks, quick.block, await click(quickButton()));
	await says(tab, /^Done\.$/);
}, LIMIT);

test('the reader’s own program goes into the machine, and grows there', async () => {
	await tab.getByRole('button', { name: 'Save it as mine.c' }).click();
	await says(tab, 'mine.c in the machine');
	await type('outside', 'gcc -o mine mine.c; echo is-$(./mine id -u)-$(./mine hostname)', 'is-0-host');
	await tab.locator('.VPSidebar a', { hasText: 'Step 2' }).click();
	const change = tab.getByRole('button', { name: 'Change mine.c' });
	await change.click();
	await says(tab, 'has the change');
	await type('outside', 'gcc -o mine mine.c; echo is-$(./mine id -u)-$(./mine hostname)', 'is-0-isolated');
	await change.click();
	await says(tab, 'does not fit');
	await type('outside', 'rm mine mine.c; echo "= $?"', '= 0');
}, LIMIT);

test('a load that fails can be asked for again; meanwhile a button waits', async () => {
	const context = await browser.newContext(), page = await context.newPage();
	const waiting = [], buttons = page.getByRole('button', { name: 'Run it in the machine' });
	await page.route('**/state.zst', route => waiting.push(route));
	await page.goto(site.address + 'step1-userns/');
	await buttons.first().click();
	await says(page, 'as soon as the machine is ready');
	assert.equal(await buttons.nth(1).getAttribute('aria-disabled'), 'true');
	await buttons.nth(1).click({ force: true });
	await says(page, 'busy');
	await waiting[0].abort();
	await says(page, 'does not start');
	await page.getByRole('button', { name: 'Try again' }).click();
	await page.getByRole('progressbar').waitFor();
	while (waiting.length < 2)
		await page.waitForTimeout(20);
	await context.close();
}, LIMIT);

test('where there is no WebAssembly, the page says so, and has no buttons', async () => {
	const context = await browser.newContext();
	await context.addInitScript(() => { delete window.WebAssembly; });
	const bare = await context.newPage();
	await bare.goto(site.address + 'machine.html');
	await bare.getByText('This browser has no WebAssembly').waitFor();
	await bare.goto(site.address + 'step1-userns/');
	await bare.waitForFunction(() => document.querySelector('#app').__vue_app__);
	assert.equal(await bare.getByRole('button', { name: 'Run it in the machine' }).count(), 0);
	await context.close();
}, LIMIT);

test('what is without a button is in the book', () => {
	const all = texts.map(file => readFileSync(join(tree, file), 'utf8')).join('');
	for (const command of without)
		assert.ok(all.includes(command), command);
});

test('nothing was said on the console', () => assert.deepEqual(errors, []));
