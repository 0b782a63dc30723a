// For the tests: the site, served under a path of its own, and Debian's chromium.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serve } from '../serve.mjs';

export const output = fileURLToPath(new URL('../../site', import.meta.url));

export const startServer = (folder = output) => serve(folder, { prefix: '/some/where/' });

export function startBrowser() {
	const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
	if (!existsSync(executablePath))
		throw new Error(`there is no ${executablePath}: apt-get install chromium`);
	const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
	return chromium.launch({ executablePath, args });
}
