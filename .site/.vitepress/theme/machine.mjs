// The machine of all pages: it goes on running while one turns from one to another.
import { markRaw, nextTick, reactive } from 'vue';
import { withBase } from 'vitepress';
import { comparer } from '../../machine/compare.mjs';
import { HARDWARE } from '../../machine/hardware.mjs';
import { broken, Machine, place, terminals } from '../../machine/machine.mjs';

export { terminals };

export const canRun = () => typeof WebAssembly === 'object';

// phase: off, loading, waking, ready, failed. Shown are the terminals in use.
export const machine = reactive({
	phase: 'off', open: false, large: false, loaded: 0, total: 0, busy: false, says: '',
	shown: [1], screens: terminals.map(() => null),
});

const address = file => new URL(withBase(`/machine/${file}`), location.href).href;

// Fetches a file and tells how far it is.
async function fetchState() {
	const response = await fetch(address('state.zst'));
	if (!response.ok)
		throw new Error(`${response.status} ${response.statusText}`);
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
			fontSize: 13, scrollback: 2000, minimumContrastRatio: 4.5, convertEol: false,
			theme: { background: '#0e1014', foreground: '#e6e8eb', cursor: '#5fd1c3' },
		});
		const fit = new FitAddon();
		screen.loadAddon(fit);
		screen.attachCustomKeyEventHandler(event => !isWayOut(event));
		screen.onData(text => running.lines[number].send(text));
		screen.onResize(({ rows, cols }) => running.resize(number, rows, cols));
		running.lines[number].listeners.add(text => screen.write(text));
		return markRaw({ screen, fit: () => fit.fit() });
	});
}

let emulator, running, starting;

async function boot() {
	try {
		machine.phase = 'loading';
		emulator = await emulate();
		running = new Machine(emulator);
		await makeScreens();
		await running.wake();
		machine.phase = 'ready';
		await nextTick();
	} catch (error) {
		machine.phase = 'failed';
		machine.says = `The machine does not start: ${error.message}`;
		throw error;
	}
}

export function start() {
	machine.open = true;
	emulator?.run();
	return starting ??= boot();
}

export function close() {
	machine.open = false;
	emulator?.stop();
}

export function show(terminal) {
	machine.shown = [terminal];
}

export const runsThere = (block, patch) => place(broken(block, patch)) !== null;

// Types a block's commands, and tells in an event what each has printed.
export async function run(block, { varies = '', patch = '' } = {}) {
	await start();
	if (machine.busy)
		return;
	machine.busy = true;
	const compared = comparer(varies);
	const all = broken(block, patch);
	machine.shown = [...new Set(Object.values(place(all)))].sort();
	try {
		const printed = await running.run(all, (part, text) => {
			if (part.output)
				compared.isRight(part.output.map(row => `${row}\n`).join(''), text);
			return compared.bound;
		}, (terminal, { command }) => { machine.says = `${terminals[terminal]}: ${command}`; });
		machine.says = printed.includes(null)
			? 'This command has not come to its end. Ctrl-C in its terminal ends it.' : 'Done.';
		const own = patch ? printed.slice(1, 1 + block.length) : printed;
		dispatchEvent(new CustomEvent('machine-ran', { detail: own }));
	} finally {
		machine.busy = false;
	}
}
