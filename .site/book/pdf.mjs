// The book as PDF, by Chromium. It knows no page numbers while it lays out the
// text, so it prints twice: first to see where everything is, then with that.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { escape, images, parts } from './parts.mjs';
import { cover, subtitle, title } from './about.mjs';

const link = ({ id, label }) =>
	`<a href="#${id}"><span>${label}</span> <span class="dots"></span> ${pageOf(id)}</a>`;

// A place for a number, as wide as it will be.
const pageOf = id => `<span class="page" data-of="${id}">000</span>`;

function contents() {
	const entry = ({ headings: [first, ...others] }) => {
		const items = others.filter(({ level }) => level === 2).map(h => `<li>${link(h)}</li>\n`);
		return `<li>${link(first)}${items.length ? `<ol>\n${items.join('')}</ol>` : ''}</li>\n`;
	};
	return `<h1 id="contents">Contents</h1>\n<ol class="contents">\n${parts.map(entry).join('')}</ol>\n`;
}

// The links to answers and back tell their page, and those in a list of links.
const withPages = html => html.replace(
	/(<p class="answer"[^>]*>|<li>)(<a href="#([^"]*)">.*?)(?=<\/a><\/(?:p|li)>)/g,
	(_, place, text, id) => place + text + pageOf(id));

// Blocks that fit well on a page are not divided.
const keepTogether = html => html.replace(/<pre class="(\w+)">(.*?)<\/pre>/gs, (block, language, code) =>
	code.split('\n').length > 14 ? block : `<pre class="${language} short">${code}</pre>`);

const withImages = html => html.replace(/(<img src=")([^"]*)/g, (_, before, name) =>
	`${before}data:image/svg+xml;base64,${Buffer.from(images.get(name)).toString('base64')}`);

const quoted = text => JSON.stringify(text.replace(/`/g, ''));

// Each page says at its top which part it is of.
const headers = () => parts.map(({ id, title }) => `#${id}-part { page: ${id}; }
@page ${id} { @top-right { content: ${quoted(title)}; font: 9pt "Liberation Sans", Arial, sans-serif; color: #57606a; } }
`).join('');

const document = style => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<title>${escape(`${title}: ${subtitle}`)}</title>
<style>
${style}${headers()}</style>
</head>
<body>
<section class="cover">${cover}</section>
<section>${contents()}</section>
${parts.map(part => `<section id="${part.id}-part">\n${withImages(keepTogether(withPages(part.html)))}</section>\n`).join('')}
</body>
</html>
`;

// On which page each id is that something links to.
function places(file) {
	const list = execFileSync('pdfinfo', ['-dests', file], { encoding: 'utf8', maxBuffer: 1 << 24 });
	return new Map([...list.matchAll(/^ *(\d+) .*"(.*)"$/gm)].map(([, page, id]) => [id, page]));
}

function fillIn(numbers) {
	for (const place of window.document.querySelectorAll('[data-of]')) {
		place.textContent = numbers[place.dataset.of];
		place.style.cssText = 'display: inline-block; min-width: 1.5em; text-align: right';
	}
}

export async function pdf(browser, style, file) {
	const page = await browser.newPage();
	await page.setContent(document(style));
	let before = null;
	for (let round = 0; round < 4; round++) {
		writeFileSync(file, await page.pdf({ preferCSSPageSize: true, printBackground: true, outline: true, tagged: true }));
		const now = places(file);
		if (before && [...now].every(([id, number]) => before.get(id) === number))
			return page.close();
		await page.evaluate(fillIn, Object.fromEntries(now));
		before = now;
	}
	throw new Error('the page numbers do not settle');
}
