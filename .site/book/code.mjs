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

const plain = (text, language) =>
	`<pre><code>${highlight(text.replace(/\n$/, ''), language).join('\n')}\n</code></pre>`;

export function codeOf(text, language) {
	const show = { console: showConsole, diff: showDiff }[language] ?? (text => plain(text, language));
	return show(text)
		.replace(/<pre[^>]*>/, `<pre class="${language}">`)
		.replace(/ style="([^"]*)"/g, (_, style) => ` class="${classOf(style)}"`)
		.replaceAll(' vp-copy-ignore', '') + '\n';
}

// After all code has been shown.
export const codeStyle = () =>
	[...colours].sort().map(([name, style]) => `.${name} { ${style}}\n`).join('');
