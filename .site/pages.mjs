// Which pages the site has, and of which files of the tree each is made. stage()
// lays them out for VitePress in build/pages. A README's text stays as it is: only
// what it links to is named as the site names it.
import { execFileSync } from 'node:child_process';
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
		return file === '' || isFolder(file) ? posix.join(file, 'index.md') : `${file}.md`;
	return file.replace(/^\.site\//, '').replace(/README\.md$/, 'index.md');
}

// What the recording on the front page says to those who cannot see it.
export const recording = read('README.md').match(/!\[([^\]]*)\]\(\.site\/recording\.svg\)/)?.[1].replace(/\s+/g, ' ');

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

// The programs, and what the pages link to beside them, a folder with all in it:
// what git has there, or would have if it were added.
function sources(linked) {
	const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard',
		'common/*.[ch]', 'step*.[ch]', ...linked], { cwd: tree, encoding: 'utf8' });
	return list.split('\0').filter(file => existsSync(join(tree, file)) && !/(^|\/)\.|\.md$|^$/.test(file));
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

function sourcePage(file) {
	const text = read(file);
	const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
	return frontMatter({ title: file, search: false, outline: false, prev: false, next: false }) +
		`# \`${file}\`\n\n${fence}${languageOf(file, text)}\n${text.replace(/\n?$/, '\n')}${fence}\n`;
}

function folderPage(folder, files) {
	const inside = files.filter(file => file.startsWith(folder && folder + '/'));
	const items = inside.map(file =>
		`- [\`${file}\`](${posix.relative(folder, addressOf(file)).replace(/^(?=\w)/, './')})\n`);
	return frontMatter({ title: folder, search: false, outline: false, prev: false, next: false }) +
		`# \`${folder}/\`\n\n${items.join('')}`;
}

// The list of the programs: what is in the folders of the chapters, and the rest.
function sourceList(files) {
	const list = folder => files.filter(file => posix.dirname(file) === folder)
		.map(file => `[\`${posix.basename(file)}\`](./${addressOf(file)})`).join(' · ');
	const folders = [...new Set(files.map(file => posix.dirname(file)))].sort();
	return frontMatter({ title: 'The source', search: false, outline: false, prev: false, next: false }) +
		'# The source\n\n' +
		folders.map(folder => `## \`${folder === '.' ? 'isolate' : folder}/\`\n\n${list(folder)}\n`).join('\n');
}

export function stage() {
	rmSync(staged, { recursive: true, force: true });
	const linked = new Set();
	for (const file of texts) {
		const text = changeLinks(read(file), link => siteLink(file, link, linked));
		write(addressOf(file), frontMatter({ source: file, title: titleOf(file).replace(/`/g, '') }) + text);
	}
	const files = sources(linked);
	for (const file of files)
		write(addressOf(file), sourcePage(file));
	for (const folder of [...linked].filter(isFolder))
		write(addressOf(folder), folderPage(folder, files));
	write('source.md', sourceList(files));
	cpSync(join(site, 'public'), join(staged, 'public'), { recursive: true });
}
