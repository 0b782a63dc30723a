// In the browser, beside mermaid: draws a picture as SVG that suits any page.

// Liberation Sans has Arial's widths: nearly everywhere there is one of them.
const font = 'Liberation Sans, Arial, Helvetica, sans-serif';

// A page may set --picture-NAME; these are for paper.
const colours = {
	paper: '#ffffff', ink: '#1f2328', line: '#57606a',
	box: '#e7f0fb', edge: '#4a6fa5', group: '#f5f6f8', border: '#8c959f',
};

// What has which colours, by what mermaid calls it: the first that fits decides.
const paint = [
	['marker *', { fill: 'line', stroke: 'line' }],
	['.edgePaths path, [class^=messageLine]', { fill: 'none', stroke: 'line' }],
	['.edgeLabel rect', { fill: 'paper' }],
	['.cluster rect', { fill: 'group', stroke: 'border' }],
	['.node .label-container, rect.actor', { fill: 'box', stroke: 'edge' }],
	['.actor-line', { fill: 'none', stroke: 'border' }],
	['rect.note', { fill: 'group', stroke: 'border' }],
	['text', { fill: 'ink' }],
];

window.mermaid.initialize({
	startOnLoad: false, theme: 'base', htmlLabels: false, fontFamily: font,
	themeVariables: { fontFamily: font, fontSize: '16px' },
	flowchart: {
		htmlLabels: false, useMaxWidth: false, padding: 12, nodeSpacing: 30, rankSpacing: 40,
		wrappingWidth: 400, inheritDir: true, subGraphTitleMargin: { top: 4, bottom: 6 },
	},
	sequence: {
		useMaxWidth: false, mirrorActors: false, diagramMarginX: 8, diagramMarginY: 8, width: 120,
		actorMargin: 24, messageFontSize: 16, noteFontSize: 16, actorFontSize: 16,
	},
});

// A label that is drawn as SVG has no HTML in it, but may have Markdown.
const withMarkdown = source => source.replace(/"([^"]*<b>[^"]*)"/g, (_, label) =>
	`"\`${label.replace(/<\/?b>/g, '**').replace(/<br\/?>/g, '\n')}\`"`);

window.draw = async (source, id) => {
	const holder = document.body.appendChild(document.createElement('div'));
	holder.innerHTML = (await window.mermaid.render(id, withMarkdown(source))).svg;
	const svg = holder.firstChild;
	svg.querySelectorAll('style, filter, linearGradient, .edge-thickness-invisible')
		.forEach(e => e.remove());
	for (const change of [joinWords, moveTitles, fixLengths, colour, dropUnused, frame])
		change(svg);
	holder.remove();
	return new XMLSerializer().serializeToString(svg) + '\n';
};

// Mermaid has an element for each word.
function joinWords(svg) {
	for (const row of svg.querySelectorAll('.text-outer-tspan')) {
		const weight = row.querySelector('[font-weight=bold]') ? 700 : 400;
		row.textContent = row.textContent;
		row.setAttribute('font-weight', weight);
	}
	svg.querySelectorAll('.node .label text').forEach(text => text.setAttribute('text-anchor', 'middle'));
}

// The title of a group is where a group inside does not cover it.
function moveTitles(svg) {
	for (const group of svg.querySelectorAll('.cluster')) {
		const title = group.querySelector('.cluster-label');
		const [left, right] = [group.querySelector('rect'), title].map(e => e.getBoundingClientRect().x);
		const { e: x, f: y } = title.transform.baseVal.consolidate().matrix;
		title.setAttribute('transform', `translate(${x + left + 8 - right}, ${y})`);
	}
}

// In a font that is wider or narrower, a label keeps to its box.
function fixLengths(svg) {
	for (const row of svg.querySelectorAll('text, tspan')) {
		row.style.removeProperty('font-family');
		if (row.children.length || !row.textContent.trim())
			continue;
		row.setAttribute('textLength', row.getComputedTextLength().toFixed(1));
		row.setAttribute('lengthAdjust', 'spacingAndGlyphs');
	}
}

// The attribute is for readers that have no variables.
function give(element, part, name) {
	const colour = colours[name] ?? name;
	element.setAttribute(part, colour);
	element.style[part] = name in colours ? `var(--picture-${name}, ${colour})` : name;
}

function colour(svg) {
	for (const element of svg.querySelectorAll('*')) {
		const [, parts = {}] = paint.find(([what]) => element.matches(what)) ?? [];
		for (const [part, name] of Object.entries(parts))
			give(element, part, name);
	}
	svg.querySelectorAll('.messageLine1, .edge-pattern-dotted').forEach(path => {
		path.style.strokeDasharray = '4 3';
	});
}

// Names that nothing refers to, and what only mermaid's scripts need.
function dropUnused(svg) {
	svg.querySelectorAll('marker, symbol').forEach(e => {
		if (!svg.outerHTML.includes(`#${e.id})`))
			e.remove();
	});
	svg.querySelectorAll('rect:not([width]), defs:empty').forEach(e => e.remove());
	for (const element of svg.querySelectorAll('*')) {
		if (!element.closest('title, desc, marker'))
			element.removeAttribute('id');
		element.removeAttribute('class');
		for (const { name, value } of [...element.attributes])
			if (name.startsWith('data-') || name === 'name' || value === '')
				element.removeAttribute(name);
	}
}

function setAttributes(element, values) {
	for (const [name, value] of Object.entries(values))
		element.setAttribute(name, value);
}

// As wide as the column at most, and never without a ground to stand on.
function frame(svg) {
	const { x, y, width, height } = svg.viewBox.baseVal;
	const ground = document.createElementNS(svg.namespaceURI, 'rect');
	setAttributes(ground, { x, y, width, height });
	give(ground, 'fill', 'paper');
	svg.querySelector('desc').after(ground);
	for (const name of ['aria-roledescription', 'class', 'style'])
		svg.removeAttribute(name);
	setAttributes(svg, {
		width: Math.ceil(width), height: Math.ceil(height), role: 'img', class: 'picture',
		'font-family': font, 'font-size': 16, style: 'max-width: 100%; height: auto',
	});
}
