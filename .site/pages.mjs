// Which pages the site has, and of which files of the tree each is made. stage()
// lays them out for VitePress in build/pages. A README's text stays as it is: only
// what it links to is named as the site names it.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const site = dirname(fileURLToPath(import.meta.url));
export const tree = dirname(site);
export const staged = join(site, 'build/pages');

const steps = readdirSync(tree).filter(name => /^step\d-/.test(name)).sort();

// In the order in which one reads them. What is not there yet is left out.
const groups = [
	['The book', ['README.md', ...steps.map(step => `${step}/README.md`)]],
	['Your turn', ['.site/machine.md', 'tests/exercises/README.md', 'tests/README.md']],
	['To look up', ['common/SYMPTOMS.md', 'common/README.md']],
].map(([text, files]) => [text, files.filter(file => existsSync(join(tree, file)))]);

const read = file => readFileSync(join(tree, file), 'utf8');

export const texts = groups.flatMap(([, files]) => files);

// Where a file of the tree is on the site. A page lies where its file does, so that
// the relative links between READMEs lead to the right place.
export function addressOf(file) {
	if (!texts.includes(file))
		return isFolder(file) ? posix.join(file, 'index.md') : `${file}.md`;
	return file.replace(/^\.site\//, '').replace(/README\.md$/, 'index.md');
}

// The recording on the front page, and what it says to those who cannot see it.
export const recording = (() => {
	const alt = read('README.md').match(/!\[([^\]]*)\]\(\.site\/recording\.svg\)/)?.[1].replace(/\s+/g, ' ');
	return alt && { alt, src: '/pictures/recording.svg', ...sizeOf('/pictures/recording.svg') };
})();

// Of a picture in .site, by its address on the site.
export function sizeOf(address) {
	const [, width, height] = read(`.site/${posix.basename(address)}`).match(/<svg [^>]*width="(\d+)" height="(\d+)"/) ?? [];
	return width ? { width, height } : {};
}

const isFolder = file => statSync(join(tree, file)).isDirectory();
const titleOf = file => read(file).match(/^# (.*)$/m)[1];

export function sidebar() {
	const entry = file => ({
		text: file === 'README.md' ? 'Start' : titleOf(file),
		link: '/' + addressOf(file).replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '.html'),
	});
	return [
		...groups.map(([text, files]) => ({ text, items: files.map(entry) })),
		{ items: [{ text: 'The source', link: '/source.html' }] },
	];
}

// The files in a folder, and below it, but for what a compiler has left there.
function list(folder) {
	const files = readdirSync(join(tree, folder), { recursive: true }).map(file => posix.join(folder, file));
	const isText = file => !/(^|\/)\.|\.(o|d|a|md)$/.test(file) && !isFolder(file) && !read(file).includes('\0');
	return files.filter(isText).sort();
}

// Calls change(address) for each link outside of code, [text](address).
function changeLinks(markdown, change) {
	let fence = '';
	return markdown.split(/(?<=\n)/).map(line => {
		const mark = line.match(/^ *(`{3,})/)?.[1];
		if (mark && !fence)
			fence = mark;
		else if (mark && line.trim() === fence)
			fence = '';
		return fence || mark ? line : line.replace(/\]\(([^()\s]+)\)/g, (_, link) => `](${change(link)})`);
	}).join('');
}

const isElsewhere = link => /^([a-z]+:|#|\/)/.test(link);

// As the site names what `file` links to; `linked` gets the files that are no texts.
function siteLink(file, link, linked) {
	if (isElsewhere(link))
		return link;
	const [path, anchor = ''] = link.split(/(?=#)/);
	const target = posix.normalize(posix.join(posix.dirname(file), path)).replace(/^\.$|\/$/, '');
	if (!existsSync(join(tree, target)))
		throw new Error(`${file} links to ${link}: there is no such file`);
	if (/\.svg$/.test(target)) {
		const picture = posix.join('pictures', posix.basename(target));
		cpSync(join(tree, target), join(staged, 'public', picture));
		return '/' + picture;
	}
	if (!texts.includes(target))
		linked.add(target);
	return relative(file, addressOf(target)) + anchor;
}

const relative = (file, address) =>
	posix.relative(posix.dirname(addressOf(file)), address).replace(/^(?=\w)/, './');

function write(address, text) {
	const path = join(staged, address);
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, text);
}

const frontMatter = fields =>
	`---\n${Object.entries(fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`).join('')}---\n`;

const languages = {
	'.c': 'c', '.h': 'c', '.bash': 'bash', '.bats': 'bash', '.sh': 'bash', '.py': 'python',
	'.pl': 'perl', '.patch': 'diff', '.yml': 'yaml', '.md': 'md',
};

function languageOf(file, text) {
	if (/Makefile$/.test(file))
		return 'make';
	const interpreter = text.match(/^#!.*\b(bash|sh|python3|perl)\b/)?.[1];
	const byName = { sh: 'bash', python3: 'python' };
	return languages[extname(file)] ?? byName[interpreter] ?? interpreter ?? 'txt';
}

function code(file) {
	const text = read(file);
	const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
	return `${fence}${languageOf(file, text)}\n${text.replace(/\n?$/, '\n')}${fence}\n`;
}

const beside = { search: false, prev: false, next: false };

const sourcePage = file =>
	frontMatter({ ...beside, title: file, outline: false }) + `# \`${file}\`\n\n${code(file)}`;

// All that is in a folder, one after the other.
const folderPage = folder => frontMatter({ ...beside, title: folder, outline: 2 }) +
	`# \`${folder}/\`\n\n` +
	list(folder).map(file => `## \`${posix.relative(folder, file)}\`\n\n${code(file)}\n`).join('');

// All that has such a page, by the folder it is in.
function sourceList(paths) {
	const entry = path => `- [\`${path}\`](./${addressOf(path)})\n`;
	const folders = [...new Set(paths.map(path => posix.dirname(path)))].sort();
	return frontMatter({ ...beside, title: 'The source', outline: 2 }) + '# The source\n\n' +
		folders.map(folder => `## \`${folder === '.' ? 'isolate' : folder}/\`\n\n` +
			paths.filter(path => posix.dirname(path) === folder).map(entry).join('')).join('\n');
}

export function stage() {
	rmSync(staged, { recursive: true, force: true });
	const linked = new Set();
	for (const file of texts) {
		const text = changeLinks(read(file), link => siteLink(file, link, linked));
		write(addressOf(file), frontMatter({ source: file, title: titleOf(file).replace(/`/g, '') }) + text);
	}
	const folders = [...linked].filter(isFolder).sort();
	const programs = ['common', ...steps].flatMap(list).filter(file => /\.[ch]$/.test(file));
	const files = [...new Set([...programs, ...[...linked].filter(file => !isFolder(file))])].sort();
	for (const file of files)
		write(addressOf(file), sourcePage(file));
	for (const folder of folders)
		write(addressOf(folder), folderPage(folder));
	write('source.md', sourceList([...files, ...folders]));
	cpSync(join(site, 'public'), join(staged, 'public'), { recursive: true });
}
