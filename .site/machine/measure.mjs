// Runs the console blocks of pages in the machine, in node, and tells which give
// what the book prints: node .site/machine/measure.mjs STATE PAGE[:LINE,...]...
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { V86 } from 'v86';
import { blocksOf } from './blocks.mjs';
import { comparer } from './compare.mjs';
import { HARDWARE } from './hardware.mjs';
import { broken, Machine, place } from './machine.mjs';

const [state, ...pages] = process.argv.slice(2);
const bytes = readFileSync(state);
const emulator = new V86({
	...HARDWARE,
	wasm_path: createRequire(import.meta.url).resolve('v86').replace('libv86.mjs', 'v86.wasm'),
	initial_state: { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) },
	autostart: true,
});
const machine = new Machine(emulator, { patience: 120_000 });
await new Promise(resolve => emulator.add_listener('emulator-ready', resolve));
const began = Date.now();
await machine.wake();
console.log('awake', Date.now() - began);

for (const argument of pages) {
	const [page, only] = argument.split(':');
	let right = 0, all = 0;
	for (const { line, marks, patch, block } of blocksOf(readFileSync(page, 'utf8'))) {
		if (only && !only.split(',').includes(String(line)))
			continue;
		all++;
		const at = Date.now();
		const whole = broken(block, patch);
		if (!place(whole)) {
			console.log(`${page}:${line}: too many shells`);
			continue;
		}
		const compared = comparer(marks.varies), { bound } = compared;
		const wrong = [];
		try {
			await machine.run(whole, (part, printed) => {
				if (!part.output) {
					console.log(`${part.command}: ${printed}`);
					return bound;
				}
				const expected = part.output.map(row => row + '\n').join('');
				if (!compared.isRight(expected, printed, part.command))
					wrong.push(`$ ${part.command}\n-${expected}+${printed}`);
				return bound;
			}).then(results => results.includes(null) && wrong.push(`hangs: ${whole[results.length - 1].command} ${JSON.stringify(machine.lines.map(l => l.text))}`));
		} catch (error) {
			wrong.push(error.message);
		}
		if (!wrong.length)
			right++;
		console.log(`${page}:${line}: ${wrong.length ? 'WRONG' : 'right'} ${Date.now() - at} ms`);
		for (const text of wrong)
			console.log(text.replace(/^/gm, '    '));
	}
	console.log(`${page}: ${right} of ${all} right`);
}
process.exit(0);
