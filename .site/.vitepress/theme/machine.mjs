// The machine of all pages: it goes on running while one turns from one to another.
import { markRaw, nextTick, reactive } from 'vue';
import { withBase } from 'vitepress';
import { comparer } from '../../machine/compare.mjs';
import { HARDWARE } from '../../machine/hardware.mjs';
import { broken, Machine, place, terminals } from '../../machine/machine.mjs';

export { terminals };

export const canRun = () => typeof WebAssembly === 'object';

// phase: off, loading, waking, ready, failed. Shown are the terminals in use; into the
// first of them the focus goes if it is to enter.
export const machine = reactive({
	phase: 'off', open: false, large: false, loaded: 0, total: 0, busy: false, says: '', enters: false,
	shown: [1], screens: terminals.map(() => null),
});

const address = file => new URL(withBase(`/machine/${file}`), location.href).href;

// Fetches a file and tells how far it is.
async function fetchState() {
	const response = await fetch(address('state.zst'));
	if (!response.ok)
		throw new Error(`${response.status} ${response.statusText}`);
	machine.loaded = 0;
	machine.total = Number(response.headers.get('content-length'));
	const parts = [];
	for (const reader = response.body.getReader(); ;) {
		const { done, value } = await reader.read();
		if (done)
			return new Blob(parts).arrayBuffer();
		parts.push(value);
		machine.loaded += value.length;
	}
}

async function emulate() {
	const [{ V86 }, buffer] = await Promise.all([
		import(/* @vite-ignore */ address('v86.mjs')), fetchState(),
	]);
	machine.phase = 'waking';
	const emulator = new V86({
		...HARDWARE, wasm_path: address('v86.wasm'), initial_state: { buffer }, autostart: true,
	});
	await new Promise(resolve => emulator.add_listener('emulator-ready', resolve));
	return emulator;
}

// Leaves the terminal: it has Tab itself, for the shell.
const isWayOut = event => event.key === 'Tab' && event.shiftKey;

async function makeScreens() {
	const [{ Terminal }, { FitAddon }] = await Promise.all([
		import('@xterm/xterm'), import('@xterm/addon-fit'), import('@xterm/xterm/css/xterm.css'),
	]);
	machine.screens = terminals.map((name, number) => {
		const screen = new Terminal({
			screenReaderMode: true, fontSize: 13, scrollback: 2000, minimumContrastRatio: 4.5, convertEol: false,
			theme: { background: '#0e1014', foreground: '#e6e8eb', cursor: '#5fd1c3' },
		});
		const fit = new FitAddon();
		screen.loadAddon(fit);
		screen.attachCustomKeyEventHandler(event => !isWayOut(event));
		screen.onData(text => {
			touched.add(number);
			running.lines[number].send(text);
		});
		screen.onResize(({ rows, cols }) => running.resize(number, rows, cols));
		running.lines[number].listeners.add(text => screen.write(text));
		return markRaw({ screen, fit: () => fit.fit() });
	});
}

let emulator, running, starting, opener;

// The terminals in which the reader has typed since a block ran there last, and which
// of them have a program that a button would end.
const touched = new Set();
let warned = '';

// Leaves the alternate screen, and what else a program has set that was ended.
const PLAIN = '\x1b[?1049l\x1b[!p\x1b[m';

async function boot() {
	try {
		machine.phase = 'loading';
		emulator ??= await emulate();
		running = new Machine(emulator);
		await makeScreens();
		running.renewed = terminal => machine.screens[terminal].screen.write(PLAIN);
		await running.wake();
		machine.phase = 'ready';
		await nextTick();
		rest();
	} catch (error) {
		starting = null;
		machine.phase = 'failed';
		throw new Error(`The machine does not start: ${error.message}`);
	}
}

// Opens the panel. The promise is kept when the machine is ready.
function start() {
	if (!machine.open) {
		opener = document.activeElement;
		machine.open = true;
		emulator?.run();
		if (machine.phase === 'ready')
			running.setClock();
	}
	return starting ??= boot();
}

// Opens it for somebody who wants to type.
export async function enter() {
	machine.enters = true;
	try {
		await start();
	} catch (error) {
		machine.says = error.message;
	}
}

// Closed, it stands still as soon as nothing is left to do.
function rest() {
	if (!machine.open && !machine.busy)
		emulator?.stop();
}

export async function close() {
	machine.open = false;
	rest();
	await nextTick();
	const back = opener?.isConnected && opener !== document.body ? opener : null;
	(back ?? document.querySelector('.open-machine'))?.focus();
}

export function show(terminal) {
	machine.shown = [terminal];
}

export const runsThere = (block, patch) => place(broken(block, patch)) !== null;

// Does one thing after another; what is asked for meanwhile is not done.
async function occupy(work) {
	if (machine.busy) {
		machine.says = 'The machine is busy with what you asked for before.';
		start().catch(() => {}); // who asked first is told
		return;
	}
	machine.busy = true;
	machine.says = machine.phase === 'ready' ? '' : 'It goes on by itself as soon as the machine is ready.';
	try {
		await start();
		await work();
	} catch (error) {
		machine.says = error.message;
	} finally {
		machine.busy = false;
		rest();
	}
}

// A program of the reader's in these terminals is not ended before they know.
async function isFree(used) {
	const found = [];
	for (const terminal of used.filter(terminal => touched.has(terminal))) {
		const program = await running.below(terminal);
		if (program)
			found.push(`${program} runs in the terminal ${terminals[terminal]}.`);
	}
	const wasWarned = warned === found.join(' ');
	warned = found.join(' ');
	if (warned && !wasWarned)
		machine.says = `${warned} End it first, or press the button again: this ends it, too.`;
	return !warned || wasWarned;
}

async function runBlock(block, varies, patch) {
	const compared = comparer(varies);
	const all = broken(block, patch), used = [...new Set(Object.values(place(all)))].sort();
	machine.shown = used;
	if (!await isFree(used))
		return;
	used.forEach(terminal => touched.delete(terminal));
	warned = '';
	let asTheBook = true;
	const printed = await running.run(all, ({ command, output }, text) => {
		if (output && !compared.isRight(output.map(row => `${row}\n`).join(''), text, command))
			asTheBook = false;
		return compared.bound;
	}, (terminal, { command }) => { machine.says = `${terminals[terminal]}: ${command}`; });
	if (printed.includes(null))
		machine.says = 'This command has not come to its end. Ctrl-C in its terminal ends it.';
	else
		machine.says = asTheBook ? 'Done.' : 'Done, but it printed something else than the book: compare.';
	const own = patch ? printed.slice(1, 1 + block.length) : printed;
	dispatchEvent(new CustomEvent('machine-ran', { detail: own }));
}

// Types a block's commands, and tells in an event what each has printed.
export const run = (block, { varies = '', patch = '' } = {}) => occupy(() => runBlock(block, varies, patch));

// Writes the reader's own program, mine.c, or changes it.
export const own = (text, isChange) => occupy(async () => {
	const isDone = await running.own(text, isChange);
	const done = isChange ? 'mine.c has the change.' : 'It is ~/isolate/mine.c in the machine.';
	machine.says = isDone ? done : 'The change does not fit mine.c: it needs that of the chapter before, and is made once.';
});
