// VitePress wants to know at build time under which path a site will be served.
// This one is to work under any: its HTML has relative addresses, and its scripts
// begin with the path that they find when a page is loaded, window.__BASE__.
globalThis.__BASE__ = '/'; // while the pages are rendered, in node

const CLIENT = 'globalThis.__BASE__';

// The ids of the search index are addresses, too.
const searchIndex = {
	name: 'search-under-any-base',
	transform(code, id) {
		if (!id.startsWith('/@localSearchIndex') || !/^export default "/.test(code))
			return null;
		return `${code.replace('export default', 'const index = JSON.parse(')});
for (const id in index.documentIds)
	index.documentIds[id] = ${CLIENT} + index.documentIds[id].slice(1);
export default JSON.stringify(index);`;
	},
};

// A heading of the side bar is a button only if it folds something away.
const sideBarHeadings = {
	name: 'side-bar-headings',
	enforce: 'pre',
	transform(code, id) {
		if (!id.endsWith('/VPSidebarItem.vue'))
			return null;
		const swap = (text, before, after) => {
			if (!text.includes(before))
				throw new Error(`VPSidebarItem.vue is not what it was: no ${before}`);
			return text.replace(before, after);
		};
		const noRole = swap(code,
			'(isLink.value ? undefined', '(isLink.value || !collapsible.value ? undefined');
		return swap(noRole, ':tabindex="item.items && 0"', ':tabindex="collapsible ? 0 : undefined"');
	},
};

export const vite = {
	plugins: [searchIndex, sideBarHeadings],
	build: { chunkSizeWarningLimit: 1000 }, // a page of long programs is one chunk
	define: { 'import.meta.env.BASE_URL': CLIENT },
	experimental: {
		renderBuiltUrl: (file, { hostType }) =>
			hostType === 'js' ? { runtime: `${CLIENT} + ${JSON.stringify(file)}` } : { relative: true },
	},
};

// Scripts move from page to page without loading one, so they need addresses that
// stay right when they do: what the HTML has relative is made absolute for them.
const script = `__VP_SITE_DATA__.base = __BASE__;
for (const e of document.querySelectorAll('[rel=icon], #app [href^="."], #app [src^="."]'))
	for (const name of ['href', 'src'])
		if (e.getAttribute(name)?.startsWith('.'))
			e.setAttribute(name, new URL(e.getAttribute(name), location).href.slice(location.origin.length));`;

export function relativeHtml(html, page) {
	const up = '../'.repeat(page.split('/').length - 1) || './';
	return html
		.replace(/<[a-z][^<>]*>/g, tag => tag.replace(/ (href|src)="\/(?!\/)/g, ` $1="${up}`))
		.replace('<head>', `<head>\n    <script>var __BASE__ = new URL('${up}', location).pathname</script>`)
		.replace('</body>', `<script>${script}</script>\n  </body>`);
}
