// The console blocks of a page of the book, with their marks, as tests/book reads
// them.
import { readConsole } from '../code.mjs';

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
