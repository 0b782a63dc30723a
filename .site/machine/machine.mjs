// The machine as a page and the tests know it: an emulator with four serial lines,
// three of them terminals, one for the agent that does what the page asks for.

const decoder = () => new TextDecoder('utf-8', { fatal: false });
const encoder = new TextEncoder();

// Bash says with the first that it reads a line, and with the second that it has one.
const READS = '\x1b[?2004h', HAS_READ = '\x1b[?2004l\r';

// What other shells show when they do.
const PROMPT = /(^|\n)[^\n]*[#$] $/;
const QUIET = 400;

// What one command may print, and is not cut off.
const LONGEST = 200_000;

const ESCAPES = /\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[=>]|[\x00\x07]/g;

export const terminals = ['inside', 'outside', 'root'];
const AGENT = 3;

// Which terminal a shell of the book has: `inside$`, `#`, and so on.
const places = { inside: 0, one: 0, outside: 1, two: 1, user: 1, host: 2 };

const placeOf = ({ shell, root }) =>
	root && ['', 'outside'].includes(shell) ? 2 : places[shell || 'user'];

// The terminals of a block's shells, { 'inside$': 0 }; null if it takes more.
export function place(block) {
	const taken = {};
	for (const part of block) {
		const name = part.shell + (part.root ? '#' : '$');
		const used = Object.values(taken), wanted = placeOf(part);
		taken[name] ??= [wanted, 2, 1, 0].find(terminal => !used.includes(terminal));
		if (taken[name] === undefined)
			return null;
	}
	return taken;
}

// A block that shows an experiment: it is applied first, and taken back in the end.
export function broken(block, patch) {
	const around = shell => {
		const make = command => ({ shell, root: false, command, output: null });
		return patch ? [make(`make break-${patch}`), ...block, make('make mend')] : block;
	};
	const own = block.find(({ root }) => !root)?.shell ?? '';
	return place(around('')) ? around('') : around(own);
}

// A serial line. What comes is kept until somebody waits for it.
class Line {
	constructor(emulator, number) {
		this.send = text => emulator.serial_send_bytes(number, encoder.encode(text));
		this.text = '';
		this.listeners = new Set();
		const decode = decoder();
		emulator.add_listener(`serial${number}-output-byte`, byte => {
			const text = decode.decode(Uint8Array.of(byte), { stream: true });
			this.text = (this.text + text).slice(-LONGEST);
			for (const listener of this.listeners)
				listener(text);
		});
	}

	// Resolves to what `find` finds in what came, to null after so many milliseconds.
	until(find, patience) {
		return new Promise(resolve => {
			let quiet;
			const end = found => {
				clearTimeout(quiet);
				clearTimeout(late);
				this.listeners.delete(look);
				resolve(found);
			};
			const late = setTimeout(() => end(null), patience);
			const look = () => {
				clearTimeout(quiet);
				const found = find(this.text, false);
				if (found !== null)
					return end(found);
				quiet = setTimeout(() => {
					const found = find(this.text, true);
					if (found !== null)
						end(found);
				}, QUIET);
			};
			this.listeners.add(look);
			look();
		});
	}
}

// What there is since the last prompt, if `row` was typed then and the shell is back
// at a prompt: { printed, end }. What a background job has said before it was typed
// counts as printed, too.
const output = row => (text, isQuiet) => {
	const typed = text.indexOf(HAS_READ), start = typed + HAS_READ.length;
	const end = text.indexOf(READS, start);
	if (typed >= 0 && end >= 0) {
		const before = text.slice(0, Math.max(0, text.lastIndexOf(READS, typed)));
		return { printed: withoutPrompt(before) + text.slice(start, end), end };
	}
	const echo = typed < 0 ? text.indexOf(`${row}\r\n`) : start;
	const rest = text.slice(typed < 0 ? echo + row.length + 2 : start);
	if (!isQuiet || echo < 0 || !PROMPT.test(rest.replace(ESCAPES, '')))
		return null;
	return { printed: rest.replace(/[^\n]*$/, ''), end: text.length };
};

// Is a row that was typed on the screen? Else Bash, which reads ahead, would not show
// it any more.
const bare = text => text.replace(ESCAPES, '').replace(/\s/g, '');
const isShown = row => text => bare(text).endsWith(bare(row)) || null;
const ECHO = 3000;

const withoutPrompt = text => text.replace(ESCAPES, '').replace(/^[^\n]*?[#$] /, '');

const plain = text => text.replace(ESCAPES, '').replace(/\r+\n/g, '\n').replace(/\r/g, '');

export class Machine {
	constructor(emulator, { patience = 120_000 } = {}) {
		this.lines = [0, 1, 2, AGENT].map(number => new Line(emulator, number));
		this.patience = patience;
		this.renewed = () => {}; // is told of a terminal in which all was ended
		this.asked = Promise.resolve();
	}

	// Asks the agent, one question after another; resolves to its answer.
	ask(question) {
		const line = this.lines[AGENT];
		this.asked = this.asked.catch(() => {}).then(async () => {
			line.text = '';
			line.send(`${question}\n`);
			const answer = await line.until(text => text.match(/^(.*?)\r?\n/)?.[1] ?? null, this.patience);
			if (answer === null)
				throw new Error('the machine does not answer');
			return answer;
		});
		return this.asked;
	}

	// After it stood still.
	setClock() {
		return this.ask(`clock ${Math.round(Date.now() / 1000)}`);
	}

	// After it was restored: its screens are gone, too.
	async wake() {
		await this.setClock();
		for (const terminal of terminals.keys())
			this.lines[terminal].send('\x0c');
	}

	resize(terminal, rows, columns) {
		return this.ask(`size ttyS${terminal} ${rows} ${columns}`);
	}

	// The program that runs in a terminal, beside its shell, or null.
	async below(terminal) {
		const name = await this.ask(`below ttyS${terminal}`);
		return name === 'nothing' ? null : name;
	}

	// Writes mine.c, or changes it by a diff; tells if that was possible.
	async own(text, isChange) {
		const base64 = btoa(String.fromCharCode(...encoder.encode(text)));
		return await this.ask(`${isChange ? 'patch' : 'save'} ${base64}`) === 'done';
	}

	// Sees to it that a shell of root or the user waits there, in ~/isolate, and
	// nothing else.
	async fresh(terminal, user) {
		const line = this.lines[terminal];
		line.text = '';
		const found = await this.ask(`shell ttyS${terminal} ${user}`);
		if (found === 'done') {
			this.renewed(terminal);
			if (await line.until(text => text.includes(READS) || null, this.patience) === null)
				throw new Error('no shell comes');
		}
		line.text = '';
		line.send('\x01\x0b'); // away with what is typed
		if (found === 'elsewhere')
			await this.type(terminal, 'cd ~user/isolate');
	}

	// Types a command, resolves to what it prints; null if it does not come to an end.
	async type(terminal, command) {
		const line = this.lines[terminal];
		let found;
		for (const row of command.split('\n')) {
			line.send(row);
			await line.until(isShown(row), ECHO);
			line.send('\r');
			found = await line.until(output(row), this.patience);
			if (found === null)
				return null;
			line.text = line.text.slice(found.end);
		}
		return plain(found.printed);
	}

	// Runs a console block. `bind` gets each command's output and may then tell,
	// for the numbers of the book, those that were seen in their place.
	async run(block, bind = () => ({}), watch = () => {}) {
		const taken = place(block), results = [];
		for (const [name, terminal] of Object.entries(taken))
			await this.fresh(terminal, name.endsWith('#') ? 'root' : 'user');
		let numbers = {};
		for (const part of block) {
			const terminal = taken[part.shell + (part.root ? '#' : '$')];
			watch(terminal, part);
			const command = part.command.replace(/(?<![\d.])\d+(?![\d]|\.\d)/g, number => numbers[number] ?? number);
			const printed = await this.type(terminal, command);
			results.push(printed);
			if (printed === null)
				break;
			numbers = bind(part, printed) ?? numbers;
		}
		return results;
	}
}
