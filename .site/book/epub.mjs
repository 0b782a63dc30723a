// The book as EPUB 3: a file of XHTML for each part, and what a reader wants to know.
import { escape, images, parts } from './parts.mjs';
import { changed, cover, identifier, subtitle, title } from './about.mjs';
import { zip } from './zip.mjs';

const fileOf = id => `${id.split('--')[0]}.xhtml`;

const page = (heading, body, type = '') => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head>
<title>${escape(heading)}</title>
<link rel="stylesheet" type="text/css" href="book.css"/>
</head>
<body${type && ` epub:type="${type}"`}>
${body}</body>
</html>
`;

// The parts are files of their own.
const chapter = part => page(part.title,
	part.html.replace(/ href="#([^"]*)"/g, (_, id) => ` href="${fileOf(id)}#${id}"`));

const link = ({ id, label }) => `<a href="${fileOf(id)}#${id}">${label}</a>`;

function contents() {
	const entry = ({ headings: [first, ...others] }) => {
		const items = others.filter(({ level }) => level === 2).map(h => `<li>${link(h)}</li>`);
		return `<li>${link(first)}${items.length ? `\n<ol>\n${items.join('\n')}\n</ol>\n` : ''}</li>\n`;
	};
	return page('Contents', `<nav epub:type="toc" id="toc">
<h1>Contents</h1>
<ol>
${parts.map(entry).join('')}</ol>
</nav>
<nav epub:type="landmarks" hidden="hidden">
<h2>Landmarks</h2>
<ol>
<li><a epub:type="cover" href="cover.xhtml">Cover</a></li>
<li><a epub:type="toc" href="contents.xhtml">Contents</a></li>
<li><a epub:type="bodymatter" href="${parts[0].id}.xhtml">Start</a></li>
</ol>
</nav>
`, 'frontmatter');
}

const metadata = `<dc:identifier id="id">${identifier}</dc:identifier>
<dc:title>${title}: ${subtitle}</dc:title>
<dc:language>en</dc:language>
<dc:rights>MIT License</dc:rights>
<meta property="dcterms:modified">${changed}</meta>
<meta name="cover" content="cover-image"/>
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessMode">visual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">structuralNavigation</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
<meta property="schema:accessibilitySummary">All text flows, and every picture is described.</meta>`;

function manifest() {
	const item = (id, href, type, properties = '') =>
		`<item id="${id}" href="${href}" media-type="${type}"${properties && ` properties="${properties}"`}/>`;
	const xhtml = (id, properties) => item(id, `${id}.xhtml`, 'application/xhtml+xml', properties);
	return [
		item('cover-image', 'cover.png', 'image/png', 'cover-image'),
		item('style', 'book.css', 'text/css'),
		...[...images.keys()].map((name, index) => item(`image-${index + 1}`, name, 'image/svg+xml')),
		xhtml('cover', 'svg'), xhtml('contents', 'nav'),
		...parts.map(part => xhtml(part.id, part.html.includes('<svg') ? 'svg' : '')),
	].join('\n');
}

const packageFile = () => `<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en" prefix="schema: http://schema.org/">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
${metadata}
</metadata>
<manifest>
${manifest()}
</manifest>
<spine>
${['cover', 'contents', ...parts.map(({ id }) => id)].map(id => `<itemref idref="${id}"/>`).join('\n')}
</spine>
</package>
`;

const container = `<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
`;

export const epub = (style, coverImage) => zip([
	['mimetype', 'application/epub+zip'],
	['META-INF/container.xml', container],
	['book/package.opf', packageFile()],
	['book/contents.xhtml', contents()],
	['book/cover.xhtml', page(title, `${cover}\n`, 'cover')],
	['book/cover.png', coverImage],
	['book/book.css', style],
	...[...images].map(([name, svg]) => [`book/${name}`, svg]),
	...parts.map(part => [`book/${part.id}.xhtml`, chapter(part)]),
]);
