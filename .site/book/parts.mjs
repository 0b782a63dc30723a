// The parts of the book as XHTML: a page of the tree each, then two of answers.
// Ids are unique in the whole book: PART for a part, PART--HEADING for a heading.
// What a page hides until it is clicked is in the part "answers", since a page of
// paper cannot be clicked; links lead there and back.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import MarkdownIt from 'markdown-it';
import { pictureOf } from '../pictures.mjs';
import { codeOf } from './code.mjs';

export const tree = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = file => readFileSync(join(tree, file), 'utf8');
const exercises = 'tests/exercises/README.md', answersFolder = 'tests/exercises/answers';

// In the order in which one reads them.
export const pages = [
	'README.md',
	...readdirSync(tree).filter(name => /^step\d-/.test(name)).sort().map(step => `${step}/README.md`),
	'common/README.md', 'common/SYMPTOMS.md', 'tests/README.md', 'tests/exercises/README.md',
].filter(file => existsSync(join(tree, file)));

const partOf = file => file === 'README.md' ? 'front' :
	file.replace(/(\/README)?\.md$/, '').replaceAll('/', '-').toLowerCase();

const md = new MarkdownIt({ html: true, xhtmlOut: true });
export const escape = md.utils.escapeHtml;

// The comments are for tests/book; in a block of code they would be code.
function withoutComments(markdown) {
	return markdown.split(/^(```.*?^```$)/ms).map((text, index) => index % 2 ? text :
		text.replace(/^<!--.*-->\n/gm, '').replace(/<!--.*?-->/gs, '')).join('');
}

// As the forge makes the name of a heading.
const slug = text => text.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');

const textOf = inline => inline.children.map(token =>
	token.type === 'softbreak' ? ' ' : token.content).join('');

// Without links, for where the text stands in a list of links itself.
const labelOf = inline => md.renderer.render(
	[{ ...inline, children: inline.children.filter(token => !token.type.startsWith('link_')) }],
	md.options, {});

const html = content => ({ type: 'html_block', content });

// Names the headings, and notes them in part.headings.
function nameHeadings(part, tokens) {
	const seen = new Map();
	for (const [index, token] of tokens.entries()) {
		if (token.type !== 'heading_open')
			continue;
		const inline = tokens[index + 1], level = Number(token.tag[1]), name = slug(textOf(inline));
		const count = seen.get(name) ?? 0;
		seen.set(name, count + 1);
		const id = level === 1 ? part.id : `${part.id}--${name}${count ? `-${count}` : ''}`;
		token.attrSet('id', id);
		part.headings.push({ id, level, label: labelOf(inline), text: textOf(inline) });
	}
	if (part.file === 'README.md')
		Object.assign(part.headings[0], { label: 'The front page', text: 'The front page' });
	part.title = part.headings[0].text;
}

// What is linked to in the book has an id there; a file of the tree has a name only.
function changeLink(part, open, text) {
	const href = open.attrGet('href');
	if (/^https?:/.test(href))
		return null;
	const [path, anchor] = href.split('#');
	const target = posix.join(posix.dirname(part.file), path || posix.basename(part.file));
	if (pages.includes(target))
		open.attrSet('href', `#${partOf(target)}${anchor ? `--${anchor}` : ''}`);
	else if (target === answersFolder)
		open.attrSet('href', '#exercise-answers');
	else if (!existsSync(join(tree, target)))
		throw new Error(`${part.file} links to ${href}, which is not there`);
	else
		return text.includes(target) ? '' : ` (<code>${escape(target)}</code>)`;
	return null;
}

function changeLinks(part, tokens) {
	for (const { children } of tokens)
		for (let index = 0; index < (children?.length ?? 0); index++) {
			if (children[index].type !== 'link_open')
				continue;
			const end = children.findIndex((token, at) => at > index && token.type === 'link_close');
			const text = children.slice(index, end).map(token => token.content).join('');
			const instead = changeLink(part, children[index], text);
			if (instead === null)
				continue;
			children.splice(end, 1, html(instead));
			children.splice(index, 1);
		}
}

// The pictures that are files of the tree, by where each is in the book. There, one
// that moves where that is wanted stands still.
export const images = new Map();

function findImages(part, tokens) {
	for (const image of tokens.flatMap(token => token.children ?? []).filter(({ type }) => type === 'image')) {
		const file = join(tree, dirname(part.file), image.attrGet('src'));
		const name = `images/${posix.basename(file)}`;
		images.set(name, readFileSync(file, 'utf8')
			.replaceAll('prefers-reduced-motion: no-preference', 'prefers-reduced-motion: never'));
		image.attrSet('src', name);
	}
}

// The question is the heading above, or a paragraph that is bold.
function questionAbove(tokens) {
	const [open, inline] = tokens.slice(-3);
	if (open?.type === 'paragraph_open' && /^\*\*[^*]*\*\*$/.test(inline.content))
		return labelOf(inline).replace(/<\/?strong>/g, '');
	return labelOf(tokens[tokens.findLastIndex(token => token.type === 'heading_open') + 1]);
}

// Takes what is between <details> and </details> out of a page.
function takeDetails(part, tokens) {
	const rest = [];
	let answer = null;
	for (const token of tokens) {
		const summary = token.type === 'html_block' &&
			token.content.match(/^<details>\s*<summary>(.*?)<\/summary>/s)?.[1].replace(/\s+/g, ' ');
		if (summary) {
			const id = `answers--${part.id}-${part.answers.length + 1}`;
			answer = { id, back: `${part.id}--answer-${part.answers.length + 1}`, summary,
				question: questionAbove(rest), tokens: [] };
			part.answers.push(answer);
			rest.push(html(`<p class="answer" id="${answer.back}"><a href="#${id}">${summary}</a></p>\n`));
		} else if (token.type === 'html_block' && token.content.startsWith('</details>')) {
			answer = null;
		} else {
			(answer?.tokens ?? rest).push(token);
		}
	}
	return rest;
}

// An exercise ends with a link to our answer.
function linkAnswers(tokens) {
	const linked = [];
	let number = null;
	const end = () => number && linked.push(html(
		`<p class="answer"><a href="#exercise-answers--${number}">Our answer</a></p>\n`));
	for (const [index, token] of tokens.entries()) {
		if (token.type === 'heading_open') {
			end();
			number = tokens[index + 1].content.match(/^(\d[a-z]): /)?.[1];
		}
		linked.push(token);
	}
	end();
	return linked;
}

md.renderer.rules.fence = (tokens, index) => {
	const { info, content } = tokens[index];
	return info === 'mermaid' ? `<figure>${pictureOf(content)}</figure>\n` : codeOf(content, info);
};

const render = tokens => md.renderer.render(tokens, md.options, {});

function partOfPage(file) {
	const part = { id: partOf(file), file, headings: [], answers: [] };
	const tokens = md.parse(withoutComments(read(file)), {});
	nameHeadings(part, tokens);
	changeLinks(part, tokens);
	findImages(part, tokens);
	const rest = takeDetails(part, tokens);
	part.html = render(file === exercises ? linkAnswers(rest) : rest);
	return part;
}

const heading = (part, level, id, label) => {
	part.headings.push({ id, level, label });
	return `<h${level} id="${id}">${label}</h${level}>\n`;
};

const back = (id, text) => `<p class="answer"><a href="#${id}">${text}</a></p>\n`;

function answersOf(parts) {
	const part = { id: 'answers', title: 'Answers', headings: [] };
	part.html = heading(part, 1, 'answers', 'Answers');
	for (const { id, headings, answers } of parts.filter(({ answers }) => answers.length)) {
		part.html += heading(part, 2, `answers--${id}`, headings[0].label);
		for (const { id, back: question, question: label, summary, tokens } of answers) {
			const more = summary === 'Answer' ? '' : ` (${summary[0].toLowerCase()}${summary.slice(1)})`;
			part.html += `<h3 id="${id}">${label}${more}</h3>\n${render(tokens)}${back(question, 'Back')}`;
		}
	}
	return part;
}

const languages = { c: 'c', patch: 'diff', sh: 'sh', txt: 'text' };

// The answers to the exercises are files.
function exerciseAnswers(headings) {
	const part = { id: 'exercise-answers', title: 'Answers to the exercises', headings: [] };
	part.html = heading(part, 1, part.id, part.title);
	for (const file of readdirSync(join(tree, answersFolder)).sort()) {
		const number = file.split('-')[0];
		const { id, label } = headings.find(({ text }) => text.startsWith(`${number}:`));
		const language = languages[posix.extname(file).slice(1)];
		if (!language)
			throw new Error(`${answersFolder}/${file} is in no language that is known here`);
		part.html += heading(part, 2, `${part.id}--${number}`, label) +
			`<p><code>${answersFolder}/${file}</code></p>\n` +
			codeOf(read(`${answersFolder}/${file}`), language) + back(id, 'Back to the exercise');
	}
	return part;
}

// Every link inside the book leads to an id in it.
function checkLinks(parts) {
	const all = parts.map(part => part.html).join('');
	const ids = new Set([...all.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
	for (const [, id] of all.matchAll(/ href="#([^"]*)"/g))
		if (!ids.has(id))
			throw new Error(`a link leads to #${id}, which is not in the book`);
}

const texts = pages.map(partOfPage);
export const parts = [
	...texts, answersOf(texts), exerciseAnswers(texts.find(part => part.file === exercises).headings),
];
checkLinks(parts);
