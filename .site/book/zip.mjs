// Packs files as EPUB wants them: what names the type comes first, as it is. There
// is no time in it, so the same files give the same bytes.
import { deflateRawSync, inflateRawSync } from 'node:zlib';

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
	for (let bit = 0; bit < 8; bit++)
		byte = byte & 1 ? 0xedb88320 ^ (byte >>> 1) : byte >>> 1;
	return byte;
});

const crc32 = data =>
	~data.reduce((crc, byte) => table[(crc ^ byte) & 255] ^ (crc >>> 8), ~0) >>> 0;

const firstDay = 0x21; // of 1980, the earliest day there is in it

// What the header before a file and the one in the directory have in common.
function description({ name, data, packed, method }) {
	const header = Buffer.alloc(26);
	header.writeUInt16LE(20, 0);
	header.writeUInt16LE(method, 4);
	header.writeUInt16LE(firstDay, 8);
	header.writeUInt32LE(crc32(data), 10);
	header.writeUInt32LE(packed.length, 14);
	header.writeUInt32LE(data.length, 18);
	header.writeUInt16LE(name.length, 22);
	return header;
}

function entry([path, content], index) {
	const data = Buffer.from(content), method = index === 0 ? 0 : 8;
	const packed = method ? deflateRawSync(data, { level: 9 }) : data;
	return { name: Buffer.from(path), data, packed, method };
}

function directoryEntry(file, offset) {
	const rest = Buffer.alloc(14);
	rest.writeUInt32LE(offset, 10);
	return Buffer.concat([Buffer.from('PK\x01\x02\x14\0', 'latin1'), description(file), rest, file.name]);
}

function end(count, size, offset) {
	const record = Buffer.alloc(22);
	record.write('PK\x05\x06', 'latin1');
	record.writeUInt16LE(count, 8);
	record.writeUInt16LE(count, 10);
	record.writeUInt32LE(size, 12);
	record.writeUInt32LE(offset, 16);
	return record;
}

// files: [[path, content], ...]
export function zip(files) {
	const body = [], directory = [];
	let offset = 0;
	for (const file of files.map(entry)) {
		const local = Buffer.concat([
			Buffer.from('PK\x03\x04', 'latin1'), description(file), file.name, file.packed]);
		directory.push(directoryEntry(file, offset));
		body.push(local);
		offset += local.length;
	}
	const list = Buffer.concat(directory);
	return Buffer.concat([...body, list, end(directory.length, list.length, offset)]);
}

// What zip() has packed: [[path, content], ...]
export function unzip(archive) {
	const files = [];
	let at = 0;
	while (archive.readUInt32LE(at) === 0x04034b50) {
		const method = archive.readUInt16LE(at + 8), packed = archive.readUInt32LE(at + 18);
		const start = at + 30 + archive.readUInt16LE(at + 26);
		const data = archive.subarray(start, start + packed);
		files.push([archive.toString('utf8', at + 30, start), method ? inflateRawSync(data) : data]);
		at = start + packed;
	}
	return files;
}
