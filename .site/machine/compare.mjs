// Compares what a command prints with what the book says, as tests/book does.

const escape = text => text.replace(/[.*+?^${}()|[\]\\\/-]/g, '\\$&');

// `varies` is a list of words, WORD or WORD=REGEX: what may differ.
function tokensOf(varies) {
	return new Map((varies ?? '').split(/\s+/).filter(Boolean).map(token => {
		const [name, ...regex] = token.split('=');
		return [name, regex.length ? regex.join('=') : escape(name).replace(/\d+/g, '\\d+')];
	}));
}

function pattern(expected, tokens) {
	const names = [...tokens.keys()].sort((a, b) => b.length - a.length);
	if (!names.length)
		return { regex: escape(expected), seen: [] };
	const split = new RegExp(`(${names.map(name => /^\d/.test(name)
		? `(?<![0-9.])${escape(name)}(?![0-9])` : escape(name)).join('|')})`);
	const seen = [];
	const regex = expected.split(split).map(part => {
		if (!tokens.has(part))
			return escape(part);
		seen.push(part);
		return `(${tokens.get(part)})`;
	}).join('');
	return { regex, seen };
}

// What an interactive shell adds, and the book leaves out.
const ADDED = /^(\[\d+\]( \d+|[+-]? .*)|logout|exit|There are (stopped|running) jobs\.|BusyBox v.*|Enter 'help' for .*)\n/gm;

const tidy = text => text
	.replace(ADDED, '')
	.replace(/^\/bin\/bash: line \d+: /gm, 'bash: ')
	.replaceAll('/home/user/patched/', '/home/user/isolate/') // where an experiment is
	.replace(/^\s*\n/, '').trimEnd();

// On a terminal, ls shows columns.
const words = text => text.split(/\s+/).filter(Boolean).sort().join('\n');

// For the blocks of one page: tells for each output if it is right, and which
// number stands for which of the book's in this block.
export function comparer(varies) {
	const tokens = tokensOf(varies), bound = {};
	return {
		bound,
		isRight(expected, printed, command = '') {
			if (/\bls\b/.test(command) && this.isRight(words(expected), words(printed)))
				return true;
			const { regex, seen } = pattern(tidy(expected), tokens);
			const match = tidy(printed).match(new RegExp(`^${regex.replace(/ +/g, ' +')}$`));
			if (!match)
				return false;
			return seen.every((token, index) => !/^\d+$/.test(token) ||
				(bound[token] ??= match[index + 1]) === match[index + 1]);
		},
	};
}
