// build.mjs [FOLDER [KIND]] writes isolate.epub and isolate.pdf, or the one of this
// kind, into a folder, which is site/.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from '../pictures.mjs';
import { cover } from './about.mjs';
import { codeStyle } from './code.mjs';
import { epub } from './epub.mjs';
import { tree } from './parts.mjs';
import { pdf } from './pdf.mjs';

const [folder = join(tree, 'site'), only] = process.argv.slice(2);
const style = name => readFileSync(join(tree, '.site/book', name), 'utf8');

async function coverImage(browser) {
	const page = await browser.newPage({ viewport: { width: 1200, height: 1600 } });
	await page.setContent(`<style>body { margin: 0 }</style>${cover}`);
	const image = await page.screenshot({ type: 'png' });
	await page.close();
	return image;
}

mkdirSync(folder, { recursive: true });
const browser = await launch();
try {
	const book = style('book.css') + codeStyle();
	if (only !== 'pdf')
		writeFileSync(join(folder, 'isolate.epub'), epub(book, await coverImage(browser)));
	if (only !== 'epub')
		await pdf(browser, book + style('paper.css'), join(folder, 'isolate.pdf'));
} finally {
	await browser.close();
}
