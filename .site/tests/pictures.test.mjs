// The pictures of the pages, by themselves, in a browser.
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, pictureOf } from '../pictures.mjs';

const tree = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = join(tree, '.site/build/pictures');

const blocks = readdirSync(tree, { withFileTypes: true })
	.flatMap(entry => entry.isDirectory() ? [`${entry.name}/README.md`] : entry.name)
	.filter(name => /^(step.*\/)?README\.md$/.test(name))
	.flatMap(name => [...readFileSync(join(tree, name), 'utf8').matchAll(/^```mermaid\n(.*?)^```$/gms)])
	.map(([, source]) => source);
const pictures = blocks.map(pictureOf);

let browser, page;
before(async () => {
	browser = await launch();
	page = await browser.newPage();
});
after(() => browser.close());

// The labels that are wider than what they are in: the smallest box around their middle.
async function tooWide(svgs, font) {
	await page.setContent(`<style>svg { font-family: ${font} }</style>${svgs.join('')}`);
	return page.evaluate(() => {
		const place = element => element.getBoundingClientRect();
		const boxOf = text => {
			const { x, y, width, height } = place(text), middle = { x: x + width / 2, y: y + height / 2 };
			return [...text.closest('svg').querySelectorAll('rect')].map(place)
				.filter(({ left, right, top, bottom }) =>
					left < middle.x && middle.x < right && top < middle.y && middle.y < bottom)
				.sort((one, other) => one.width * one.height - other.width * other.height)[0];
		};
		return [...document.querySelectorAll('svg text')]
			.filter(text => text.textContent && place(text).width > boxOf(text).width + 2)
			.map(text => text.textContent);
	});
}

test('there is a picture for every block, each its own', () => {
	assert.ok(pictures.length >= 12, `${pictures.length}`);
	assert.equal(new Set(pictures).size, new Set(blocks).size);
});

test('every label is in it, and in its box, in a wide font too', async () => {
	for (const [index, source] of blocks.entries())
		for (const [, label] of source.matchAll(/"([^"]*)"/g))
			for (const line of label.split(/<[^>]*>/))
				assert.ok(pictures[index].includes(`>${line.replace(/&/g, '&amp;')}<`) || !line, line);
	for (const font of ['Liberation Sans', 'DejaVu Sans', 'DejaVu Sans Mono'])
		assert.deepEqual(await tooWide(pictures, font), [], font);
});

test('a label that is too wide is noticed', async () => {
	const loose = pictures.map(svg => svg.replace(/ textLength="[^"]*"/g, ''));
	assert.ok((await tooWide(loose, 'DejaVu Sans Mono')).length > 10);
});

test('what is bold in a label is bold', () => {
	const bold = blocks.flatMap((source, index) =>
		[...source.matchAll(/<b>(.*?)<\/b>/g)].map(([, words]) => [pictures[index], words]));
	assert.ok(bold.length > 10);
	for (const [svg, words] of bold)
		assert.match(svg, new RegExp(`font-weight="700"[^>]*>${words}<`));
});

test('a picture says what it shows, to who cannot see it', () => {
	for (const [index, source] of blocks.entries()) {
		const { 1: title } = source.match(/accTitle: (.*)/), { 1: description } = source.match(/accDescr: (.*)/);
		const id = `chart-(?:title|desc)-(picture-[0-9a-f]+)`;
		assert.match(pictures[index], new RegExp(`role="img" aria-describedby="${id}" aria-labelledby="${id}"`));
		assert.ok(pictures[index].includes(`>${title}</title>`));
		assert.ok(pictures[index].includes(`>${description}</desc>`));
	}
});

test('all ids differ, and each that is named is there', () => {
	const all = pictures.join('');
	const ids = [...all.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
	assert.equal(new Set(ids).size, ids.length);
	const named = [...all.matchAll(/url\(#([^)]*)\)|aria-\w+="([^"]*)"/g)].map(([, id, other]) => id ?? other);
	assert.ok(named.length > 24);
	assert.deepEqual(named.filter(id => !ids.includes(id)), []);
});

test('a picture is drawings and text, and nothing from elsewhere', () => {
	for (const svg of pictures) {
		assert.doesNotMatch(svg, /<(script|style|foreignObject|image)|href=|url\((?!#)/);
		assert.match(svg, /^<svg [^>]*width="\d+"[^>]*style="max-width: 100%; height: auto"/);
	}
});

// The contrast of each text with what is behind it, by WCAG.
const contrasts = () => page.evaluate(() => {
	const luminance = colour => colour.match(/[\d.]+/g).slice(0, 3).map(value => value / 255)
		.map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
		.reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0);
	const grounds = [...document.querySelectorAll('svg rect')].map(rect => getComputedStyle(rect).fill);
	const inks = [...document.querySelectorAll('svg text')].map(text => getComputedStyle(text).fill);
	return [...new Set(inks)].flatMap(ink => [...new Set(grounds)].map(ground => {
		const [low, high] = [luminance(ink), luminance(ground)].sort((a, b) => a - b);
		return (high + 0.05) / (low + 0.05);
	}));
});

test('every text can be told from its ground, and a page may choose the colours', async () => {
	await page.setContent(pictures.join(''));
	assert.ok(Math.min(...await contrasts()) > 7);
	await page.setContent(`<style>:root { --picture-ink: rgb(200, 200, 200) }</style>${pictures.join('')}`);
	assert.ok(Math.min(...await contrasts()) < 2);
});

test('what is drawn is not drawn again, and what is not yet is', () => {
	const times = () => readdirSync(folder).map(name => statSync(join(folder, name)).mtimeMs).join();
	const first = times();
	execFileSync(process.execPath, [join(tree, '.site/pictures.mjs')]);
	assert.equal(times(), first);
	const before = new Set(readdirSync(folder));
	const svg = pictureOf(`flowchart LR\n    accTitle: New\n    accDescr: A new one.\n    a["${process.pid}"]\n`);
	assert.ok(svg.includes(`>${process.pid}<`));
	readdirSync(folder).filter(name => !before.has(name)).forEach(name => rmSync(join(folder, name)));
});
