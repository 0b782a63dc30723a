import { relativeHtml, vite } from '../base.mjs';
import { readConsole, showConsole, showDiff, themes } from '../code.mjs';
import { worksThere } from '../machine/blocks.mjs';
import { recording, sidebar, sizeOf, texts } from '../pages.mjs';
import { pictureOf } from '../pictures.mjs';

// As a forge names the anchor of a heading; the READMEs' links rely on it.
const slugify = text => text.trim().toLowerCase()
	.replace(/[^\p{Letter}\p{Number}\p{Mark}_\- ]/gu, '').replace(/ /g, '-');

const quote = value => JSON.stringify(value).replace(/&/g, '&amp;').replace(/"/g, '&quot;');

// A wide one scrolls where it would get too small to be read.
const picture = svg =>
	`<figure class="picture" tabindex="0" style="--width: ${svg.match(/width="(\d+)"/)[1]}px" v-pre>${svg}</figure>\n`;

// The marks of tests/book that the button of a block has to know.
function marksOf(tokens, index) {
	const comments = tokens.slice(0, index).map(({ type, content }) => type === 'html_block' ? content : '');
	const own = comments.slice(comments.findLastIndex(text => !text) + 1).join('');
	if (/^<!-- own: \d -->$/m.test(own))
		return { isOwn: true };
	const varies = own.match(/^<!-- varies: (.*) -->$/m)?.[1];
	const patch = comments.join('').match(/^<!-- (?:patch: \S+|unpatch) -->$/gm)?.at(-1).match(/patch: (\S+)/)?.[1];
	return { attributes: (varies ? ` :varies="${quote(varies)}"` : '') + (patch ? ` patch="${patch}"` : '') };
}

function blocks(md) {
	const { fence } = md.renderer.rules, { highlight } = md.options;
	const shown = { console: showConsole, diff: showDiff };
	md.options.highlight = (code, lang, attrs) => (shown[lang] ?? highlight)(code, lang, attrs);
	md.renderer.rules.fence = (tokens, index, ...rest) => {
		const { info, content } = tokens[index], lang = info.trim();
		if (lang === 'mermaid')
			return picture(pictureOf(content));
		const code = fence(tokens, index, ...rest), { isOwn, attributes } = marksOf(tokens, index);
		if (isOwn)
			return `<OwnBlock${lang === 'diff' ? ' change' : ''}>${code}</OwnBlock>\n`;
		if (lang !== 'console')
			return code;
		const block = readConsole(content), without = worksThere(block) ? '' : ' without';
		return `<ConsoleBlock :block="${quote(block)}"${attributes}${without}>${code}</ConsoleBlock>\n`;
	};
}

// The top of the start page, Hero.vue, has the title and the recording.
function startPage(md) {
	const isShown = token => token.children?.some(({ type, attrs }) =>
		type === 'image' && Object.fromEntries(attrs).src.endsWith('recording.svg'));
	md.core.ruler.push('start_page', ({ tokens, env }) => {
		if (env.relativePath !== 'index.md')
			return;
		if (tokens[0]?.tag === 'h1')
			tokens.splice(0, 3);
		const index = tokens.findIndex(isShown);
		if (index > 0)
			tokens.splice(index - 1, 3);
	});
}

// A picture has its room before it is loaded.
function pictureSizes(md) {
	md.core.ruler.push('picture_sizes', ({ tokens }) => {
		for (const image of tokens.flatMap(token => token.children ?? []).filter(({ type }) => type === 'image'))
			for (const [name, value] of Object.entries(sizeOf(image.attrGet('src'))))
				image.attrSet(name, value);
	});
}

// A corner of a table that has nothing in it is no header.
function corners(md) {
	md.core.ruler.push('corners', ({ tokens }) => tokens.forEach((token, index) => {
		if (token.type === 'th_open' && !tokens[index + 1].content)
			token.tag = tokens[index + 2].tag = 'td';
	}));
}

// Names such as pivot_root are one word, and what one types is all to be there.
const search = {
	options: { tokenize: text => text.toLowerCase().match(/[\p{Letter}\p{Number}_]+/gu) ?? [] },
	searchOptions: {
		combineWith: 'AND', prefix: true, fuzzy: term => term.length > 5 ? 0.15 : false,
		boost: { title: 4, titles: 2, text: 1 },
	},
};

export default {
	lang: 'en',
	title: 'isolate',
	titleTemplate: ':title · isolate',
	description: 'Build a container runtime in six steps, in C, and see what each namespace does.',
	srcDir: 'build/pages',
	outDir: 'build/html',
	cacheDir: 'build/cache',
	head: [
		['link', { rel: 'icon', type: 'image/svg+xml', href: '/logo.svg' }],
	],
	markdown: {
		theme: themes,
		anchor: { slugify },
		config: md => {
			blocks(md);
			startPage(md);
			pictureSizes(md);
			corners(md);
			// Vue would take the end of a line between two tags away.
			md.renderer.rules.softbreak = () => ' ';
		},
	},
	vite,
	transformHtml: (html, _, { page }) => relativeHtml(html, page),
	themeConfig: {
		logo: { src: '/logo.svg', alt: '' },
		recording,
		machine: texts.includes('.site/machine.md'),
		sidebar: sidebar(),
		outline: { level: [2, 3], label: 'On this page' },
		search: { provider: 'local', options: { miniSearch: search } },
		docFooter: { prev: 'Before', next: 'Next' },
		externalLinkIcon: true,
	},
};
