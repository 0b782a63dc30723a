// The pages of site/, in a browser, as `make pages` has made them.
//
// Each is looked at once, as a reader would: light and dark, narrow, on paper. The
// tests then ask what was seen. A page of faults shows that they would see them.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import MarkdownIt from 'markdown-it';
import { addressOf, texts, tree } from '../pages.mjs';
import { output, startBrowser, startServer } from './browser.mjs';

const NARROW = [320, 375];
const LIMIT = { timeout: 300_000 };

let browser, site, folder, faults, seen, wrong;

const files = new Set(readdirSync(output, { recursive: true }));
const pages = [...files].filter(file => file.endsWith('.html') && !file.startsWith('machine/'));

// Looking

// What a page says and asks for while it is open.
function listen(tab, address) {
	const errors = [], foreign = [];
	tab.on('console', message => ['error', 'warning'].includes(message.type()) && errors.push(message.text()));
	tab.on('pageerror', error => errors.push(error.message));
	tab.on('response', response => response.status() >= 400 && errors.push(`${response.status()} ${response.url()}`));
	tab.on('request', request =>
		request.url().startsWith(address) || /^(data|blob):/.test(request.url()) || foreign.push(request.url()));
	return { errors, foreign };
}

const links = tab => tab.evaluate(() => ({
	ids: [...document.querySelectorAll('[id]')].map(e => e.id),
	links: [...document.querySelectorAll('a[href], link[href], img[src], script[src]')].map(e => e.href ?? e.src),
}));

const axeFinds = (tab, options) => tab.evaluate(async options => {
	const { violations } = await window.axe.run(document, { resultTypes: ['violations'], ...options });
	return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html.slice(0, 200)}`));
}, options);

const contrast = { runOnly: ['color-contrast', 'link-in-text-block'] };

async function widths(tab) {
	const found = {};
	for (const width of NARROW) {
		await tab.setViewportSize({ width, height: 700 });
		found[width] = await tab.evaluate(() => document.documentElement.scrollWidth);
	}
	await tab.setViewportSize({ width: 1280, height: 800 });
	return found;
}

// The heights of the answers, which are 0 while they are folded away.
const answers = tab => tab.evaluate(() => [...document.querySelectorAll('details')].map(details =>
	Math.max(0, ...[...details.children].filter(e => e.tagName !== 'SUMMARY')
		.map(e => e.checkVisibility() ? e.offsetHeight : 0))));

// The scripts of the site have taken over what the HTML has; or there are none.
const ready = tab => tab.waitForFunction(() => {
	const app = document.querySelector('#app');
	return !app || app.__vue_app__;
});

// The answers on paper, when they are all there, or do not come.
async function printedAnswers(tab) {
	await tab.emulateMedia({ media: 'print' });
	let heights;
	for (let tries = 0; tries < 20; tries++) {
		heights = await answers(tab);
		if (heights.every(height => height > 0))
			break;
		await tab.waitForTimeout(100);
	}
	return heights;
}

async function look(tab, said, url) {
	said.errors.length = said.foreign.length = 0;
	await tab.emulateMedia({ colorScheme: 'light', media: 'screen' });
	await tab.goto(url);
	await ready(tab);
	const found = { ...await links(tab), folded: await answers(tab) };
	await tab.evaluate(axe.source);
	found.axe = await axeFinds(tab, {});
	found.widths = await widths(tab);
	await tab.emulateMedia({ colorScheme: 'dark' });
	await tab.waitForFunction(() => !document.querySelector('#app') || document.documentElement.classList.contains('dark'));
	found.dark = await axeFinds(tab, contrast);
	found.printed = await printedAnswers(tab);
	found.text = await tab.evaluate(() => document.body.innerText);
	return { ...found, errors: [...said.errors], foreign: [...said.foreign] };
}

async function lookAt({ address }, pages) {
	const results = new Map(), waiting = [...pages];
	const work = async () => {
		const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
		const tab = await context.newPage(), said = listen(tab, address);
		for (let page; (page = waiting.pop());)
			results.set(page, await look(tab, said, address + page));
		await context.close();
	};
	await Promise.all([work(), work()]);
	return results;
}

const FAULTS = `<!DOCTYPE html><html lang="en"><title>Faults</title>
<style>@media (prefers-color-scheme: dark) { body { background: #000; color: #333 } }</style>
<main><h1>Faults</h1><p style="color: #bbb; background: #fff">grey</p><p>dark in the dark</p>
<div style="width: 400px">wide</div><a href="gone.html">gone</a><a href="#nowhere">nowhere</a>
<p>&lt;!-- varies: 4711 --&gt;</p><details><summary>Answer</summary><p>It is.</p></details></main>
<script>fetch('http://127.0.0.1:1/elsewhere').catch(() => {}); undefinedFunction()</script>`;

before(async () => {
	browser = await startBrowser();
	site = await startServer();
	folder = mkdtempSync(join(tmpdir(), 'isolate-faults-'));
	writeFileSync(join(folder, 'index.html'), FAULTS);
	faults = await startServer(folder);
	wrong = (await lookAt(faults, ['index.html'])).get('index.html');
	seen = await lookAt(site, pages);
}, LIMIT);

after(async () => {
	await browser?.close();
	site?.server.close();
	faults?.server.close();
	rmSync(folder, { recursive: true });
});

// Asking

// What find(page) says of all pages, which is to be nothing; of the faults it is not.
function nothing(find) {
	assert.notDeepEqual(find(wrong, faults), [], 'a page with this fault passes');
	const found = [...seen].flatMap(([page, all]) => find(all, site).map(text => `${page}: ${text}`));
	assert.deepEqual(found, []);
}

// The text of a README, in pieces that the page has to have as they are.
const markdown = file => readFileSync(join(tree, file), 'utf8');
const fences = file => [...markdown(file).matchAll(/^( *)```(\w*)\n([^]*?)^\1```$/gm)]
	.map(([, , language, text]) => ({ language, text }));

test('each text is a page', () => {
	for (const file of texts)
		assert.ok(pages.includes(addressOf(file).replace(/md$/, 'html')), file);
});

test('pages load without an error', () => nothing(page => page.errors));
test('pages ask nobody else for anything', () => nothing(page => page.foreign));
test('axe finds nothing, in light', () => nothing(page => page.axe));
test('axe finds no lack of contrast in the dark', () => nothing(page => page.dark));
test('the marks of the book are not shown', () => nothing(page => page.text.match(/<!--.*/g) ?? []));

test('a narrow page does not scroll sideways', () => nothing(page =>
	NARROW.filter(width => page.widths[width] > width).map(width => `${page.widths[width]} of ${width}`)));

test('answers are folded away, and on paper they are not', () => {
	const heights = page => [page.folded, page.printed].map(list => list.reduce((sum, height) => sum + height, 0));
	assert.deepEqual(heights(wrong), [0, 0], 'without a style, paper does not show them');
	const chapter = seen.get('step1-userns/index.html');
	assert.ok(chapter.folded.length >= 4);
	for (const [name, page] of seen) {
		assert.ok(page.folded.every(height => height === 0), name);
		assert.ok(page.printed.every(height => height > 0), name);
	}
});

// Those that lead nowhere on a site at an address, as text.
function deadLinks({ links }, { address }) {
	return links.filter(link => {
		const url = new URL(link);
		if (!link.startsWith(address))
			return url.protocol !== 'https:';
		const path = decodeURIComponent(url.pathname.slice(new URL(address).pathname.length));
		return !leads(path.replace(/(^|\/)$/, '$1index.html'), decodeURIComponent(url.hash.slice(1)));
	});
}

function leads(path, anchor) {
	const page = seen.get(path);
	return anchor ? page?.ids.includes(anchor) : page || files.has(path);
}

test('links lead somewhere', () => {
	nothing(deadLinks);
	const some = seen.get('index.html').links.map(link => link.replace(site.address, ''));
	for (const wanted of ['step1-userns/', 'isolate.pdf', 'isolate.epub'])
		assert.ok(some.some(link => link.startsWith(wanted)), wanted);
});

// Using

async function open(page, options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
	const tab = await context.newPage();
	await tab.goto(site.address + page);
	if (options.javaScriptEnabled !== false)
		await ready(tab);
	return tab;
}

// What a README says, by paragraph, heading, entry of a list, and cell of a table.
const paragraphs = file => new MarkdownIt({ html: true }).parse(markdown(file), {})
	.filter(({ type }) => type === 'inline')
	.map(({ children }) => words(children.map(({ type, content }) =>
		/break$/.test(type) ? ' ' : /^(text|code_inline)$/.test(type) ? content : '').join('')));

const words = text => text.replace(/\u200b/g, '').replace(/\s+/g, ' ').trim();

test('without a script, a page has its text, its code and its pictures', async () => {
	for (const file of texts) {
		const tab = await open(addressOf(file).replace(/md$/, 'html'), { javaScriptEnabled: false });
		const all = words(await tab.locator('.VPDoc').first().textContent());
		assert.deepEqual(paragraphs(file).filter(text => !all.includes(text)), [], file);
		const shown = await tab.locator('.vp-doc pre').allTextContents();
		const written = fences(file);
		assert.deepEqual(shown.map(text => text.trimEnd()), written
			.filter(({ language }) => language !== 'mermaid').map(({ text }) => text.trimEnd()), file);
		assert.equal(await tab.locator('figure.picture svg title').count(),
			written.filter(({ language }) => language === 'mermaid').length, file);
		const said = { ids: [], links: await tab.locator('a').evaluateAll(all => all.map(a => a.href)) };
		assert.deepEqual(deadLinks(said, site), [], file);
		await tab.context().close();
	}
}, LIMIT);

test('the search finds pivot_root, and goes there', async () => {
	const tab = await open('index.html');
	await tab.locator('.VPNavBarSearch button').first().click();
	await tab.locator('.search-input').fill('no_such_word_anywhere');
	await tab.locator('.no-results').waitFor();
	await tab.locator('.search-input').fill('pivot_root');
	const first = tab.locator('.results a.result').first();
	assert.match(await first.getAttribute('href'), /^\/some\/where\/step6-mntns\/.*#/);
	await first.click();
	await tab.waitForURL(/step6-mntns\/.*#/);
	await tab.locator('.vp-doc', { hasText: 'pivot_root' }).waitFor();
	await tab.context().close();
}, LIMIT);

test('one can go on from chapter to chapter, and back by the side bar', async () => {
	const tab = await open('index.html');
	for (const file of texts.filter(file => file.startsWith('step'))) {
		await tab.locator('.VPDocFooter .next').click();
		await tab.waitForURL(site.address + addressOf(file).replace('index.md', ''));
		await tab.locator('.vp-doc h1', { hasText: markdown(file).match(/^# (.*)/)[1] }).waitFor();
	}
	await tab.locator('.VPSidebar a', { hasText: 'Start' }).click();
	await tab.waitForURL(site.address);
	await tab.locator('.hero').waitFor();
	await tab.context().close();
}, LIMIT);

test('copied from a console are the commands alone', async () => {
	const tab = await open('step1-userns/index.html', { permissions: ['clipboard-read', 'clipboard-write'] });
	const [{ text }] = fences('step1-userns/README.md').filter(({ language }) => language === 'console');
	const block = tab.locator('.language-console').first();
	await block.hover();
	await block.locator('button.copy').click();
	await block.locator('button.copied').waitFor();
	const commands = text.split('\n').filter(line => /^\$ /.test(line)).map(line => line.slice(2));
	assert.equal(await tab.evaluate(() => navigator.clipboard.readText()), commands.join('\n') + '\n');
	await tab.context().close();
}, LIMIT);

test('the reader chooses dark or light, and it stays', async () => {
	const tab = await open('index.html', { colorScheme: 'light' });
	const background = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const light = await background();
	await tab.locator('.VPNavBarAppearance button').click();
	const dark = await background();
	assert.notEqual(dark, light);
	await tab.goto(site.address + 'step1-userns/');
	assert.equal(await background(), dark);
	await tab.context().close();
}, LIMIT);

test('a narrow page has the switch of light and dark in its bar, and the chapters in its menu', async () => {
	const tab = await open('step1-userns/', { viewport: { width: 375, height: 700 } });
	assert.equal(await tab.locator('.VPNavBarAppearance button').isVisible(), true);
	assert.equal(await tab.locator('.VPNavBarHamburger').isVisible(), false);
	await tab.getByRole('button', { name: 'Menu' }).click();
	await tab.locator('.VPSidebar a', { hasText: 'Step 2' }).click();
	await tab.locator('.vp-doc h1', { hasText: 'Step 2' }).waitFor();
	await tab.context().close();
}, LIMIT);

test('the headings of the side bar, which fold nothing away, are no buttons', async () => {
	const tab = await open('step1-userns/');
	assert.equal(await tab.locator('.VPSidebar h2').count(), 3);
	assert.equal(await tab.locator('.VPSidebar :is([role=button], div[tabindex])').count(), 0);
	await tab.context().close();
}, LIMIT);
