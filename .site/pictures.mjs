// Draws the ```mermaid blocks of the pages, each once, as SVG that needs nothing
// else: no script, no style sheet, no HTML inside. Mermaid runs in a browser.
// Run as a program, it draws what is not drawn yet; with -, its input, too.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);
const tree = dirname(dirname(self));
const folder = join(tree, '.site/build/pictures');
const mermaid = join(dirname(createRequire(self).resolve('mermaid')), 'mermaid.min.js');

// Liberation Sans has Arial's widths: nearly everywhere there is one of them.
const font = 'Liberation Sans, Arial, Helvetica, sans-serif';

// A page may set --picture-NAME; these are for paper.
const colours = {
	paper: '#ffffff', ink: '#1f2328', line: '#57606a',
	box: '#e7f0fb', edge: '#4a6fa5', group: '#f5f6f8', border: '#8c959f',
};

// What has which colours, by what mermaid calls it: the first that fits decides.
const paint = [
	['marker *', { fill: 'line', stroke: 'line' }],
	['.edgePaths path, [class^=messageLine]', { fill: 'none', stroke: 'line' }],
	['.edgeLabel rect', { fill: 'paper' }],
	['.cluster rect', { fill: 'group', stroke: 'border' }],
	['.node .label-container, rect.actor', { fill: 'box', stroke: 'edge' }],
	['.actor-line', { fill: 'none', stroke: 'border' }],
	['rect.note', { fill: 'group', stroke: 'border' }],
	['text', { fill: 'ink' }],
];

const version = JSON.parse(readFileSync(join(dirname(mermaid), '../package.json'))).version;
const recipe = version + readFileSync(self);

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

// This one runs in the browser, so all it needs is handed to it.
async function drawInBrowser({ source, id, font, colours, paint }) {
	window.mermaid.initialize({
		startOnLoad: false, theme: 'base', htmlLabels: false, fontFamily: font,
		themeVariables: { fontFamily: font, fontSize: '16px' },
		flowchart: { htmlLabels: false, useMaxWidth: false, padding: 12,
			nodeSpacing: 30, rankSpacing: 40, wrappingWidth: 400, inheritDir: true,
			subGraphTitleMargin: { top: 4, bottom: 6 } },
		sequence: { useMaxWidth: false, mirrorActors: false, diagramMarginX: 8,
			diagramMarginY: 8, actorMargin: 24, messageFontSize: 16,
			noteFontSize: 16, actorFontSize: 16, width: 120 },
	});
	// A label that is drawn as SVG has no HTML in it, but may have Markdown.
	const markdown = source.replace(/"([^"]*<b>[^"]*)"/g, (_, label) =>
		`"\`${label.replace(/<\/?b>/g, '**').replace(/<br\/?>/g, '\n')}\`"`);
	const holder = document.body.appendChild(document.createElement('div'));
	holder.innerHTML = (await window.mermaid.render(id, markdown)).svg;
	const svg = holder.firstChild;
	svg.querySelectorAll('style, filter, linearGradient, .edge-thickness-invisible')
		.forEach(e => e.remove());
	joinWords();
	moveTitles();
	fixLengths();
	colour();
	dropUnused();
	frame();
	const text = new XMLSerializer().serializeToString(svg);
	holder.remove();
	return text + '\n';

	// Mermaid has an element for each word.
	function joinWords() {
		for (const row of svg.querySelectorAll('.text-outer-tspan')) {
			const weight = row.querySelector('[font-weight=bold]') ? 700 : 400;
			row.textContent = row.textContent;
			row.setAttribute('font-weight', weight);
		}
	}

	// The title of a group is where a group inside does not cover it.
	function moveTitles() {
		for (const group of svg.querySelectorAll('.cluster')) {
			const title = group.querySelector('.cluster-label');
			const [left, right] = [group.querySelector('rect'), title].map(e => e.getBoundingClientRect().x);
			const { e: x, f: y } = title.transform.baseVal.consolidate().matrix;
			title.setAttribute('transform', `translate(${x + left + 8 - right}, ${y})`);
		}
	}

	// In a font that is wider or narrower, a label keeps to its box.
	function fixLengths() {
		for (const row of svg.querySelectorAll('text, tspan')) {
			row.style.removeProperty('font-family');
			if (row.children.length || !row.textContent.trim())
				continue;
			row.setAttribute('textLength', row.getComputedTextLength().toFixed(1));
			row.setAttribute('lengthAdjust', 'spacingAndGlyphs');
		}
	}

	// An attribute is for readers that have no variables.
	function colour() {
		for (const element of svg.querySelectorAll('*')) {
			const [, parts] = paint.find(([what]) => element.matches(what)) ?? [];
			for (const [part, name] of Object.entries(parts ?? {})) {
				const colour = colours[name] ?? name;
				element.setAttribute(part, colour);
				element.style[part] = name in colours ?
					`var(--picture-${name}, ${colour})` : name;
			}
		}
		svg.querySelectorAll('.messageLine1, .edge-pattern-dotted').forEach(path => {
			path.style.strokeDasharray = '4 3';
		});
		svg.querySelectorAll('.node .label text').forEach(text =>
			text.setAttribute('text-anchor', 'middle'));
	}

	// Names that nothing refers to, and what only mermaid's scripts need.
	function dropUnused() {
		svg.querySelectorAll('marker, symbol').forEach(e => {
			if (!svg.outerHTML.includes(`#${e.id})`))
				e.remove();
		});
		svg.querySelectorAll('rect:not([width]), defs:empty').forEach(e => e.remove());
		for (const element of svg.querySelectorAll('*')) {
			if (!element.closest('title, desc, marker'))
				element.removeAttribute('id');
			element.removeAttribute('class');
			for (const { name, value } of [...element.attributes])
				if (name.startsWith('data-') || name === 'name' || value === '')
					element.removeAttribute(name);
		}
	}

	// As wide as the column at most, and never without a ground to stand on.
	function frame() {
		const { x, y, width, height } = svg.viewBox.baseVal;
		const ground = document.createElementNS(svg.namespaceURI, 'rect');
		for (const [name, value] of Object.entries({ x, y, width, height, fill: colours.paper }))
			ground.setAttribute(name, value);
		ground.style.fill = `var(--picture-paper, ${colours.paper})`;
		svg.querySelector('desc').after(ground);
		for (const name of ['aria-roledescription', 'class', 'style'])
			svg.removeAttribute(name);
		for (const [name, value] of Object.entries({
			width: Math.ceil(width), height: Math.ceil(height), role: 'img', class: 'picture',
			'font-family': font, 'font-size': 16, style: 'max-width: 100%; height: auto',
		}))
			svg.setAttribute(name, value);
	}
}

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
		mkdirSync(folder, { recursive: true });
		for (const source of sources) {
			const id = 'picture-' + nameOf(source);
			const svg = await page.evaluate(drawInBrowser, { source, id, font, colours, paint });
			writeFileSync(fileOf(source), svg);
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
