// Blocks of code, coloured as on the pages, by classes: what reads EPUB knows no
// variables, and its own colours for the night come first.
import { highlight, showConsole, showDiff } from '../code.mjs';

const colours = new Map();

function classOf(style) {
	const colour = style.match(/--shiki-light:#(\w{6})/)?.[1].toLowerCase();
	if (!colour)
		return 'plain';
	const more = /light-font-style:italic/.test(style) ? 'font-style: italic; ' : '';
	colours.set(`c-${colour}`, `color: #${colour}; ${more}`);
	return `c-${colour}`;
}

// A line is a block that hangs, so that one sees where it goes on. Tabs would count
// from where it hangs.
const withoutTabs = text => text.split('\n').map(line => line.split('\t')
	.reduce((before, after) => before.padEnd(Math.floor(before.length / 8 + 1) * 8) + after)).join('\n');

// Each line as its kind and its HTML, of what the pages have.
const linesOf = html =>
	[...html.matchAll(/<span class="line ([^"]*)">(.*)<\/span>$/gm)].map(([, ...line]) => line);

const show = {
	console: text => linesOf(showConsole(text)),
	diff: text => linesOf(showDiff(text)),
};

const plain = language => text => highlight(text, language).map(line => ['', line]);

export function codeOf(code, language) {
	const text = withoutTabs(code.replace(/\n$/, ''));
	const lines = (show[language] ?? plain(language))(text);
	if (lines.length !== text.split('\n').length)
		throw new Error(`of this, there are ${lines.length} lines:\n${text}`);
	const html = lines.map(([kind, line]) => `<span class="line ${kind}">${line}\n</span>`).join('')
		.replace(/ style="([^"]*)"/g, (_, style) => ` class="${classOf(style)}"`);
	return `<pre class="${language}"><code>${html}</code></pre>\n`;
}

// After all code has been shown.
export const codeStyle = () =>
	[...colours].sort().map(([name, style]) => `.${name} { ${style}}\n`).join('');
