// How blocks of code are shown for which VitePress has no language of its own that
// fits: what is typed in a console and what comes of it, and the diff of a program.
import { createHighlighter } from 'shiki';
import dark from 'shiki/themes/github-dark-high-contrast.mjs';
import light from 'shiki/themes/github-light-high-contrast.mjs';

// Comments are to be read on the green of a diff, too.
export const themes = { light: JSON.parse(JSON.stringify(light).replace(/#66707b/gi, '#525960')), dark };

const highlighter = await createHighlighter({ themes: Object.values(themes), langs: ['bash', 'c'] });

const escape = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');

// The lines of a text, each as HTML.
export function highlight(text, lang) {
	const { tokens } = highlighter.codeToTokens(text, { lang, themes, defaultColor: false });
	return tokens.map(line => line.map(({ content, htmlStyle }) =>
		`<span style="${Object.entries(htmlStyle).map(pair => pair.join(':')).join(';')}">${escape(content)}</span>`).join(''));
}

const pre = lines =>
	`<pre class="shiki shiki-themes vp-code" tabindex="0" v-pre><code>${lines.join('')}</code></pre>`;

const line = (kind, html) => `<span class="line ${kind}">${html}</span>\n`;

// As tests/book reads a console block.
export function readConsole(text) {
	const block = [];
	for (const row of text.replace(/\n$/, '').split('\n')) {
		const prompt = row.match(/^([a-z]*)([$#]) (.*)$/), last = block.at(-1);
		if (prompt)
			block.push({ shell: prompt[1], root: prompt[2] === '#', command: prompt[3], output: [] });
		else if (row.startsWith('> ') && last && !last.output.length)
			last.command += '\n' + row.slice(2);
		else if (last)
			last.output.push(row);
	}
	return block;
}

// Copied are the commands alone.
function showCommand({ shell, root, command, output }) {
	const prompt = (text, more = '') => `<span class="prompt vp-copy-ignore ${more}">${text} </span>`;
	const who = `${root ? 'root' : 'user'} ${shell}`;
	const typed = highlight(command, 'bash').map((html, row) =>
		line('typed', (row ? prompt('&gt;') : prompt(shell + (root ? '#' : '$'), who)) + html));
	const lines = output.map(row => line('output', escape(row))).join('');
	return [...typed, output.length ? `<span class="vp-copy-ignore">${lines}</span>` : ''];
}

export const showConsole = text => pre(readConsole(text).flatMap(showCommand));

const isHeader = row => /^(---|\+\+\+) |^@@/.test(row) || !/^[-+ ]|^$/.test(row);

// One side of a hunk is a piece of the text; it may begin inside of a comment.
function showSide(rows, signs, lang) {
	const text = rows.filter(([, row]) => signs.includes(row[0] ?? ' '));
	const code = text.map(([, row]) => row.slice(1)).join('\n');
	const open = lang === 'c' && /^((?!\/\*)[^])*\*\//.test(code) ? '/*\n' : '';
	const html = highlight(open + code, lang).slice(open ? 1 : 0);
	return text.map(([number], index) => [number, html[index]]);
}

// The rows of each hunk, with their numbers.
function hunks(rows) {
	const found = [];
	rows.forEach((row, number) => {
		if (isHeader(row))
			found.push([]);
		else
			(found.at(-1) ?? found[found.push([]) - 1]).push([number, row]);
	});
	return found;
}

export function showDiff(text) {
	const rows = text.replace(/\n$/, '').split('\n');
	const lang = /^\+\+\+ \S+\.[ch]\b/m.test(text) ? 'c' : 'txt';
	const side = signs => new Map(hunks(rows).flatMap(hunk => showSide(hunk, signs, lang)));
	const before = side(' -'), after = side(' +');
	return pre(rows.map((row, number) => {
		if (isHeader(row))
			return line('header', escape(row));
		const kind = { '+': 'plus', '-': 'minus' }[row[0]] ?? 'same';
		const code = (kind === 'minus' ? before : after).get(number);
		return line(kind, `<span class="sign">${row[0] ?? ''}</span>${code}`);
	}));
}
