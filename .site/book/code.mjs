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

const plain = (text, language) => `<pre><code>${highlight(text.replace(/\n$/, ''), language)
	.map(line => `<span class="line">${line}\n</span>`).join('')}</code></pre>`;

export function codeOf(text, language) {
	const show = { console: showConsole, diff: showDiff }[language] ?? (text => plain(text, language));
	return show(withoutTabs(text))
		.replace(/<pre[^>]*>/, `<pre class="${language}">`)
		.replace(/ style="([^"]*)"/g, (_, style) => ` class="${classOf(style)}"`)
		.replaceAll(' vp-copy-ignore', '') + '\n';
}

// After all code has been shown.
export const codeStyle = () =>
	[...colours].sort().map(([name, style]) => `.${name} { ${style}}\n`).join('');
