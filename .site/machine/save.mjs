// Boots the machine in node, waits for its prompts and saves its state.
//
//	node save.mjs KERNEL INITRD BIOSES STATE
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { V86 } from 'v86';
import { HARDWARE } from './hardware.mjs';

const [kernel, initrd, bioses, state] = process.argv.slice(2);
const PATIENCE = 240_000;
const image = (path) => {
	const bytes = readFileSync(path);
	return { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) };
};

const emulator = new V86({
	...HARDWARE,
	wasm_path: createRequire(import.meta.url).resolve('v86').replace('libv86.mjs', 'v86.wasm'),
	bios: image(`${bioses}/bios.bin`),
	vga_bios: image(`${bioses}/vgabios-stdvga.bin`),
	bzimage: image(kernel),
	initrd: image(initrd),
	// Memory that is freed is zeroed: it takes no room when it is saved.
	cmdline: 'console=ttyS0 loglevel=1 mitigations=off init_on_free=1',
	autostart: true,
});

// Linux takes the fourth serial line for one only if its loopback works, which
// v86 has not: it would show these two signals.
emulator.add_listener('emulator-ready', () => {
	emulator.serial_set_carrier_detect(3, true);
	emulator.serial_set_clear_to_send(3, true);
});

const said = ['', '', '', ''];
for (let line = 0; line < said.length; line++)
	emulator.add_listener(`serial${line}-output-byte`, (byte) => {
		said[line] += String.fromCharCode(byte);
		if (process.env.SHOW)
			process.stdout.write(String.fromCharCode(byte));
	});

const give_up = setTimeout(() => {
	console.error('the machine did not come to its prompts:\n' + said.join('\n--\n'));
	process.exit(1);
}, PATIENCE);

const ready = () => said.slice(0, 3).every((text) => /[$#] $/.test(text)) && said[3].includes('ready');
const watch = setInterval(async () => {
	if (!ready())
		return;
	clearInterval(watch);
	clearTimeout(give_up);
	await emulator.stop();
	writeFileSync(state, new Uint8Array(await emulator.save_state()));
	process.exit(0);
}, 500);
