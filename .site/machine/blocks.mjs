// The console blocks of a page of the book, with their marks, as tests/book reads
// them.
import { readFileSync } from 'node:fs';
import { readConsole } from '../code.mjs';

// Commands that do not do in the machine what the book says: their blocks have no
// button.
export const without = readFileSync(new URL('without', import.meta.url), 'utf8')
	.split('\n').filter(line => line && !line.startsWith('# '));

export const worksThere = block => !block.some(({ command }) => without.includes(command));

// Yields { line, marks, heading, patch, block, text }.
export function* blocksOf(markdown) {
	let marks = {}, fence = null, heading = '', patch = '';
	for (const [index, line] of markdown.split('\n').entries()) {
		const mark = line.match(/^<!-- ([a-z]+)(?:: (.*))? -->$/);
		if (fence && line.startsWith('```')) {
			if (fence.marks.patch)
				patch = fence.marks.patch;
			if (fence.language === 'console')
				yield { ...fence, heading, patch, block: readConsole(fence.text) };
			fence = null;
		} else if (fence) {
			fence.text += `${line}\n`;
		} else if (line.startsWith('```')) {
			fence = { line: index + 1, language: line.slice(3).trim(), marks, text: '' };
			marks = {};
		} else if (line === '<!-- unpatch -->') {
			patch = '';
		} else if (mark) {
			marks[mark[1]] = mark[2] ?? '';
		} else if (line) {
			marks = {};
			heading = line.match(/^##+ (.*)/)?.[1] ?? heading;
		}
	}
}
