// site/isolate.epub and site/isolate.pdf. What has to be in them is read from the
// pages here, in another way than .site/book reads it.
import { strict as assert } from 'node:assert';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch } from '../pictures.mjs';
import { unzip, zip } from '../book/zip.mjs';

const tree = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const epubFile = join(tree, 'site/isolate.epub'), pdfFile = join(tree, 'site/isolate.pdf');
const scratch = mkdtempSync(join(tmpdir(), 'book-test-'));
after(() => rmSync(scratch, { recursive: true }));

const run = (...command) => execFileSync(command[0], command.slice(1),
	{ encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] });

// What the pages say

const pages = readdirSync(tree, { withFileTypes: true })
	.filter(({ name }) => !['lab', 'site'].includes(name) && !name.startsWith('.'))
	.flatMap(entry => entry.isDirectory() ?
		readdirSync(join(tree, entry.name), { recursive: true }).map(name => `${entry.name}/${name}`) : entry.name)
	.filter(name => /\b(README|SYMPTOMS)\.md$/.test(name))
	.map(name => ({ name, text: readFileSync(join(tree, name), 'utf8') }));

const fences = text => [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
	.map(([, language, code]) => ({ language, code }));
const prose = text => text.replace(/^```.*?^```$/gms, '').replace(/<!--.*?-->|!\[.*?\]\(.*?\)/gs, '');

// Lines of text that are the same in whatever they become.
const plainLines = text => prose(text).split('\n')
	.filter(line => /^[\w,.:;() ]{50,}$/.test(line) && !/^\d+\. /.test(line));

const details = text => [...text.matchAll(/^<details>.*?<\/summary>$(.*?)^<\/details>$/gms)]
	.map(([, answer]) => answer);
const withoutDetails = text => text.replace(/^<details>.*?^<\/details>$/gms, '');

const headings = (text, levels) => [...prose(text).matchAll(/^(#+) (.*)$/gm)]
	.filter(([, marks]) => levels.includes(marks.length))
	.map(([, , heading]) => heading.replace(/`/g, ''));
const titleOf = ({ text }) => headings(text, [1])[0];

const answerFiles = readdirSync(join(tree, 'tests/exercises/answers'))
	.map(name => readFileSync(join(tree, 'tests/exercises/answers', name), 'utf8'));

// What the book says

const words = text => text.replace(/\s+/g, ' ').trim();
const letters = text => text.replace(/\s+/g, '');
const entities = { lt: '<', gt: '>', quot: '"', amp: '&' };
const textOf = xhtml => xhtml.replace(/^.*?<body/s, '<body').replace(/<[^>]*>/g, '')
	.replace(/&(\w+);/g, (_, name) => entities[name]);

const files = new Map(unzip(readFileSync(epubFile)).map(([name, data]) => [name, data]));
const documents = new Map([...files].filter(([name]) => name.endsWith('.xhtml'))
	.map(([name, data]) => [name.replace('book/', ''), data.toString()]));
const epubText = words([...documents.values()].map(textOf).join('\n'));

// Without what is at the top and at the bottom of a page of paper, in points.
const size = { width: 595, height: 842 }, margin = { top: 62, bottom: 68 };
const pdfPages = run('pdftotext', '-raw', '-x', '0', '-y', `${margin.top}`, '-W', `${size.width}`,
	'-H', `${size.height - margin.top - margin.bottom}`, pdfFile, '-').split('\f');
const pdfText = words(pdfPages.join('\n')), pdfLetters = letters(pdfPages.join('\n'));

test('the pages are found', () => {
	assert.ok(pages.length >= 10, `${pages.length} pages`);
	assert.ok(pages.every(({ text }) => plainLines(text).length > 10));
	assert.ok(pages.flatMap(({ text }) => details(text)).length >= 25);
});

// EPUB

// It does not run long enough for a compiler that takes its time.
const epubcheck = file => spawnSync('java', ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC',
	'-jar', '/usr/share/java/epubcheck.jar', '--failonwarnings', file], { encoding: 'utf8' });

test('epubcheck has nothing to say', () => {
	const { status, stdout, stderr } = epubcheck(epubFile);
	assert.equal(status, 0, stdout + stderr);
	assert.match(stdout, /No errors or warnings detected/);
});

test('epubcheck does say what is wrong', () => {
	const broken = [...files].map(([name, data]) => name !== 'book/front.xhtml' ? [name, data] :
		[name, data.toString().replace(/href="step1-userns\.xhtml#/, 'href="step0.xhtml#')]);
	writeFileSync(join(scratch, 'broken.epub'), zip(broken));
	const { status, stdout, stderr } = epubcheck(join(scratch, 'broken.epub'));
	assert.notEqual(status, 0);
	assert.match(stdout + stderr, /step0\.xhtml/);
});

test('the EPUB has every page, and every sentence of it', () => {
	for (const page of pages) {
		assert.ok(epubText.includes(titleOf(page)), page.name);
		for (const line of plainLines(page.text))
			assert.ok(epubText.includes(words(line)), `${page.name}: ${line}`);
	}
});

test('the EPUB has every line of code', () => {
	const text = letters(epubText), codes = pages.flatMap(({ text }) => fences(text))
		.filter(({ language }) => language !== 'mermaid').map(({ code }) => code);
	assert.ok(codes.length > 200);
	for (const code of [...codes, ...answerFiles])
		assert.ok(text.includes(letters(code)), code);
});

test('the EPUB has every picture, with what describes it', () => {
	const all = [...documents.values()].join(''), blocks = pages.flatMap(({ text }) => fences(text))
		.filter(({ language }) => language === 'mermaid');
	const escaped = text => text.trim().replace(/&/g, '&amp;').replace(/</g, '&lt;');
	for (const { code } of blocks) {
		const [, title] = code.match(/accTitle: (.*)/), [, description] = code.match(/accDescr: (.*)/);
		assert.ok(all.includes(`>${escaped(title)}</title>`), title);
		assert.ok(all.includes(`>${escaped(description)}</desc>`), description);
	}
	assert.equal(all.match(/<figure><svg/g).length, blocks.length);
	assert.doesNotMatch(all, /<script|<foreignObject|```/);
});

test('what is a picture in a file is in the EPUB, and stands still', () => {
	const all = words([...documents.values()].join(''));
	const images = pages.flatMap(({ text }) => [...text.matchAll(/!\[(.*?)\]\((?:.*?\/)?([^/]*\.svg)\)/gs)]);
	assert.equal(all.match(/<img /g)?.length ?? 0, images.length);
	for (const [, alternative, name] of images) {
		assert.ok(all.includes(`<img src="images/${name}" alt="${words(alternative)}" />`), name);
		const svg = files.get(`book/images/${name}`).toString();
		assert.doesNotMatch(svg, /<(animate|set|script)|prefers-reduced-motion: no-preference/);
		assert.ok(letters(run('pdftotext', pdfFile, '-')).includes(letters(svg.match(/<text[^>]*>([^<]+)/)[1])), name);
	}
});

// [where it is, where it leads, with the file]
const links = [...documents].flatMap(([file, text]) =>
	[...text.matchAll(/ href="([^"]*)"/g)].map(([, to]) => [file, to]));
const ids = [...documents].flatMap(([file, text]) =>
	[...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => `${file}#${id}`));

test('every link of the EPUB leads somewhere', () => {
	const inside = links.filter(([, to]) => !to.startsWith('https://') && to !== 'book.css');
	assert.ok(inside.length > 300, `${inside.length} links`);
	for (const [file, to] of inside)
		assert.ok(ids.includes(to) || documents.has(to), `${file} links to ${to}`);
	assert.equal(new Set(ids.map(id => id.split('#')[1])).size, ids.length, 'an id is there twice');
});

test('chapters are linked with each other, not with files', () => {
	assert.ok(links.some(([file, to]) =>
		file === 'tests.xhtml' && to === 'step1-userns.xhtml#step1-userns--1-4-a-race-left-open'));
	for (const [file, to] of links)
		assert.doesNotMatch(to, /\.(md|c|h|bats|bash)\b|LICENSE/, file);
	assert.match(documents.get('step1-userns.xhtml'), /isolate\.c \(<code>step1-userns\/isolate\.c<\/code>\)/);
});

const chapterFile = name => name === 'README.md' ? 'front.xhtml' :
	`${name.replace('/README.md', '').replace('/', '-')}.xhtml`;

test('the answers are in the appendix alone, and linked both ways', () => {
	const appendix = words(textOf(documents.get('answers.xhtml')));
	for (const { name, text } of pages.filter(({ text }) => details(text).length)) {
		const chapter = documents.get(chapterFile(name)), rest = words(withoutDetails(text));
		for (const line of details(text).flatMap(plainLines)) {
			assert.ok(appendix.includes(words(line)), line);
			if (!rest.includes(words(line)))
				assert.ok(!words(textOf(chapter)).includes(words(line)), line);
		}
		const there = [...chapter.matchAll(/id="([^"]*--answer-\d+)"><a href="answers\.xhtml#([^"]*)"/g)];
		assert.equal(there.length, details(text).length, name);
		for (const [, question, answer] of there) {
			const [, after] = documents.get('answers.xhtml').split(`<h3 id="${answer}">`);
			assert.ok(after.split('<h')[0].includes(`href="${chapterFile(name)}#${question}"`), answer);
		}
	}
});

test('each exercise leads to our answer, and that back', () => {
	const exercises = documents.get('tests-exercises.xhtml'), answers = documents.get('exercise-answers.xhtml');
	for (const name of readdirSync(join(tree, 'tests/exercises/answers'))) {
		const [number] = name.split('-');
		assert.ok(exercises.includes(`href="exercise-answers.xhtml#exercise-answers--${number}"`), name);
		assert.ok(answers.includes(`href="tests-exercises.xhtml#tests-exercises--${number}-`), name);
		assert.ok(answers.includes(`<code>tests/exercises/answers/${name}</code>`), name);
	}
});

test('the EPUB says what it is, and not who made it', () => {
	const about = files.get('book/package.opf').toString();
	assert.match(about, /<dc:title>isolate: /);
	assert.match(about, /<dc:language>en<\/dc:language>/);
	assert.doesNotMatch(about, /dc:creator|dc:contributor|dc:publisher/);
});

test('two builds give the same EPUB', () => {
	run(process.execPath, join(tree, '.site/book/build.mjs'), scratch, 'epub');
	assert.ok(readFileSync(join(scratch, 'isolate.epub')).equals(readFileSync(epubFile)),
		'they differ; or site/isolate.epub is older than the text');
});

// PDF

test('the PDF has every page, and every sentence of it', () => {
	for (const { name, text } of pages)
		for (const line of plainLines(text))
			assert.ok(pdfText.includes(words(line)), `${name}: ${line}`);
});

test('a list of links tells their pages', () => {
	const lists = pages.flatMap(({ text }) => [...text.matchAll(/^- \[(.*)\]\(#.*\)$/gm)].map(([, item]) => item));
	assert.ok(lists.length > 20, `${lists.length}`);
	for (const item of lists) {
		const [, number] = pdfText.match(`${item.replace(/[^\w ]/g, '.')}, page (\\d+)`) ?? [];
		assert.ok(number && pdfPages[number - 1].split('\n').includes(item), item);
	}
});

// Chromium leaves out what does not fit on paper, or makes all of it smaller.
const missing = (lines, text) => lines.filter(line => !text.includes(letters(line)));
const heights = (file, word) => [...run('pdftotext', '-bbox', file, '-')
	.matchAll(/yMin="([^"]*)" xMax="[^"]*" yMax="([^"]*)">(.*)<\/word>/g)]
	.filter(match => match[3] === word).map(([, top, bottom]) => bottom - top);
const isNormal = height => height > 11 && height < 12.5;

test('no line of code is cut off, nor the text made smaller', () => {
	const codes = pages.flatMap(({ text }) => fences(text)).filter(({ language }) => language !== 'mermaid');
	const lines = [...codes.map(({ code }) => code), ...answerFiles].flatMap(code => code.split('\n'));
	assert.deepEqual(missing(lines, pdfLetters), []);
	assert.ok(heights(pdfFile, 'namespaces').some(isNormal));
});

// A PDF that is wrong in every way that is looked for.
async function wrongPdf() {
	const browser = await launch(), file = join(scratch, 'wrong.pdf');
	try {
		const page = await browser.newPage();
		const style = ['book.css', 'paper.css'].map(name => readFileSync(join(tree, '.site/book', name), 'utf8'));
		await page.setContent(`<style>${style.join('')} pre { white-space: pre }</style>
			<pre>${'word '.repeat(40)}end</pre><p>namespaces</p><h2>Last</h2>`);
		await page.pdf({ path: file, preferCSSPageSize: true });
	} finally {
		await browser.close();
	}
	return file;
}

test('a line that is cut off is noticed, and a heading that is left alone', async () => {
	const file = await wrongPdf();
	assert.deepEqual(missing(['end'], letters(run('pdftotext', file, '-'))), ['end']);
	assert.ok(!heights(file, 'namespaces').some(isNormal));
	assert.deepEqual(lonelyHeadings(file), ['1: Last']);
});

const isPicture = text => fences(text).filter(({ language }) => language === 'mermaid').map(({ code }) => code);

test('the PDF has every picture, as text that can be searched', () => {
	const labels = pages.flatMap(({ text }) => isPicture(text))
		.flatMap(code => [...code.matchAll(/"([^"]*)"/g)].flatMap(([, label]) => label.split(/<[^>]*>/)));
	assert.ok(labels.length > 60);
	for (const label of labels)
		assert.ok(pdfLetters.includes(letters(label)), label);
});

const bookHeadings = pages.flatMap(({ text }) => headings(text, [1, 2]));

test('the contents tell the right pages', () => {
	const start = pdfPages.findIndex(page => page.startsWith('isolate\n') && page.length > 1000);
	assert.ok(start > 1);
	const contents = pdfPages.slice(1, start).join('\n').replace('The front page', 'isolate').split('\n');
	for (const heading of bookHeadings) {
		const entries = contents.filter(line => line.replace(/ \d+$/, '') === heading);
		assert.ok(entries.length > 0, heading);
		for (const entry of entries) {
			const lines = pdfPages[entry.match(/\d+$/)[0] - 1].split('\n');
			assert.ok(lines.includes(heading), entry);
		}
	}
});

test('a link to an answer tells its page', () => {
	const pointers = pdfPages.flatMap(page => [...page.matchAll(/^→\s(?:Our answer|Answer), page (\d+)$/gm)]);
	assert.ok(pointers.length >= 30, `${pointers.length}`);
	const first = pdfPages.findIndex(page => page.startsWith('Answers\n')) + 1;
	assert.ok(first > 100);
	for (const [text, number] of pointers)
		assert.ok(number >= first && number <= pdfPages.length, text);
});

// What stands on each page between its head and its number, from top to bottom, with
// the name of the font.
function typeset(file) {
	const xml = run('pdftohtml', '-xml', '-i', '-stdout', file);
	const fonts = new Map([...xml.matchAll(/<fontspec id="(\d+)" .*family="(?:\w+\+)?([^"]*)"/g)]
		.map(([, id, family]) => [id, family]));
	return xml.split('<page ').slice(1).map(page =>
		[...page.matchAll(/<text top="(\d+)" .* font="(\d+)">(.*)<\/text>/g)]
			.map(([, top, font, text]) => ({ top: Number(top), font: fonts.get(font), text }))
			.filter(({ top }) => top > 80 && top < 1190)
			.sort((one, other) => one.top - other.top));
}

// Pages whose last line is in the font of headings.
const lonelyHeadings = file => typeset(file).flatMap((lines, index) => lines
	.filter(({ top, font, text }) => lines.at(-1).top - top < 5 && font === 'LiberationSans' && /^<b>/.test(text))
	.map(({ text }) => `${index + 1}: ${text.replace(/<[^>]*>/g, '')}`));

test('no heading is the last line of its page', () => {
	assert.deepEqual(lonelyHeadings(pdfFile), []);
});

test('a line of code is right below the one before', () => {
	const steps = typeset(pdfFile).flatMap(lines => {
		const tops = lines.filter(({ font }) => font === 'DejaVuSansMono').map(({ top }) => top);
		return tops.slice(1).map((top, index) => top - tops[index]).filter(step => step > 5);
	});
	const near = steps.filter(step => step < 20);
	assert.ok(steps.length > 3000 && near.length > 0.7 * steps.length, `${near.length} of ${steps.length}`);
});

test('the PDF has bookmarks for every chapter and its sections', () => {
	const outline = run('pdftohtml', '-xml', '-i', '-stdout', '-f', '1', '-l', '1', pdfFile)
		.match(/<outline>.*<\/outline>/s)[0];
	for (const heading of bookHeadings)
		assert.ok(textOf(`<body${outline}`).includes(heading), heading);
});

test('the PDF says what it is, and not who made it', () => {
	const about = run('pdfinfo', pdfFile);
	assert.match(about, /^Title: +isolate: /m);
	assert.match(about, /^Tagged: +yes/m);
	assert.match(about, /^Creator: +Chromium$/m);
	assert.doesNotMatch(about, /^Author:/m);
	assert.match(readFileSync(pdfFile, 'latin1'), /\/Lang \(en\)/);
});

test('the links of the PDF that leave it lead to the web', () => {
	const leaving = run('pdfinfo', '-url', pdfFile).split('\n').slice(1).filter(Boolean)
		.map(line => line.trim().split(/\s+/).at(-1));
	assert.ok(leaving.length >= 20, `${leaving.length}`);
	for (const address of leaving)
		assert.match(address, /^https:\/\//);
});
