// Draws the ```mermaid blocks of the pages, each once, as SVG that needs nothing
// else: no script, no style sheet, no HTML inside. Mermaid runs in a browser.
// Run as a program, it draws what is not drawn yet; with -, its input, too.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);
const tree = dirname(dirname(self));
const folder = join(tree, '.site/build/pictures');
const drawer = join(tree, '.site/picture.js');
const mermaid = join(dirname(createRequire(self).resolve('mermaid')), 'mermaid.min.js');

const version = JSON.parse(readFileSync(join(dirname(mermaid), '../package.json'))).version;
const recipe = version + readFileSync(drawer);

// No longer than what names an element has to be.
const nameOf = source =>
	createHash('sha256').update(recipe).update(source).digest('hex').slice(0, 12);
const fileOf = source => join(folder, nameOf(source) + '.svg');

// Every page of the book.
function pages() {
	const folders = readdirSync(tree).filter(name => name.startsWith('step'));
	return ['.', ...folders, 'common', 'tests', 'tests/exercises'].flatMap(name =>
		readdirSync(join(tree, name)).filter(file => file.endsWith('.md'))
			.map(file => join(tree, name, file)));
}

const blocksOf = markdown =>
	[...markdown.matchAll(/^```mermaid\n(.*?)^```$/gms)].map(match => match[1]);

export async function launch() {
	const { chromium } = await import('playwright-core');
	return chromium.launch({
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		// A PDF tells what made it, by this name; root has no sandbox to be in.
		args: ['--user-agent=Chromium', ...process.getuid() === 0 ? ['--no-sandbox'] : []],
	});
}

async function draw(sources) {
	const browser = await launch();
	try {
		const page = await browser.newPage();
		await page.addScriptTag({ path: mermaid });
		await page.addScriptTag({ path: drawer });
		mkdirSync(folder, { recursive: true });
		for (const source of sources) {
			const order = [source, `picture-${nameOf(source)}`];
			const svg = await page.evaluate(order => window.draw(...order), order);
			writeFileSync(`${fileOf(source)}.${process.pid}`, svg);
			renameSync(`${fileOf(source)}.${process.pid}`, fileOf(source)); // others may read it
		}
	} finally {
		await browser.close();
	}
}

// The SVG of a block, which is the text between its fences.
export function pictureOf(source) {
	if (!existsSync(fileOf(source)))
		execFileSync(process.execPath, [self, '-'], { input: source, stdio: ['pipe', 'inherit', 'inherit'] });
	return readFileSync(fileOf(source), 'utf8');
}

if (process.argv[1] === self) {
	const sources = pages().flatMap(page => blocksOf(readFileSync(page, 'utf8')));
	const asked = process.argv[2] === '-' ? readFileSync(0, 'utf8') : '';
	const missing = [...new Set([...sources, asked])]
		.filter(source => source && !existsSync(fileOf(source)));
	if (missing.length)
		await draw(missing);
}
