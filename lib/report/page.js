"use strict";
// A click on a heading sorts the table by that column; another one turns the
// order round. #sort=SECTION,COLUMN,… in the address clicks for you, and
// #filter=TEXT filters.
function value(row, column) {
	const text = row.cells[column].dataset.sort;
	return /^\d+$/.test(text) ? BigInt(text) : text === "-" ? -1n : text;
}

function compare(a, b) {
	if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
	return typeof a === "bigint" ? -1 : 1;
}

function sort(head) {
	const body = head.closest("table").tBodies[0];
	const numbers = head.classList.contains("number");
	const now = head.getAttribute("aria-sort");
	const down = now ? now === "ascending" : numbers;
	for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
	head.setAttribute("aria-sort", down ? "descending" : "ascending");
	const rows = Array.from(body.rows, row => [value(row, head.cellIndex), row]);
	rows.sort((a, b) => down ? compare(b[0], a[0]) : compare(a[0], b[0]));
	body.append(...rows.map(pair => pair[1]));
}

document.addEventListener("click", event => {
	const button = event.target.closest("th button");
	if (button) sort(button.parentNode);
});

// The filter hides the rows, the hosts and the tables that have not all of its
// words.
const form = document.getElementById("filter");
const input = form.querySelector("input");
const output = form.querySelector("output");
form.hidden = false;
form.addEventListener("submit", event => event.preventDefault());

let texts = null; // of each row, made when they are needed first
function filter() {
	texts = texts || Array.from(document.querySelectorAll("tbody tr"), row =>
		[row, Array.from(row.cells, cell => cell.textContent).join(" ").toLowerCase(), row.closest("section")]);
	const words = input.value.toLowerCase().split(/\s+/).filter(word => word);
	const has = text => words.every(word => text.includes(word));
	const shown = new Set();
	let rows = 0;
	for (const [row, text, section] of texts) {
		const name = section.classList.contains("host") ? section.querySelector("h3").textContent.toLowerCase() : "";
		row.hidden = !has(name + " " + text);
		if (!row.hidden) {
			rows++;
			shown.add(section);
		}
	}
	const filtered = words.length > 0;
	let hosts = false;
	for (const section of document.querySelectorAll("section.host")) {
		section.hidden = filtered && !shown.has(section) && !has(section.querySelector("h3").textContent.toLowerCase());
		hosts = hosts || !section.hidden;
	}
	for (const section of document.querySelectorAll("main > section:not(.host), #charts")) {
		section.hidden = filtered && !shown.has(section) && !(hosts && section.id === "all-hosts");
	}
	output.textContent = !filtered ? "" : rows > 0 ? rows + (rows > 1 ? " rows" : " row") : hosts ? "hosts, but no row" : "nothing has all of these words";
}

let waiting = 0;
input.addEventListener("input", () => {
	clearTimeout(waiting);
	waiting = setTimeout(filter, 80);
});

// A link to what the filter hides takes the filter back. A row stands in the
// middle, so that its headings can be seen.
function reveal() {
	const target = location.hash && document.getElementById(location.hash.slice(1));
	if (!target) return;
	const row = target.tagName === "TR";
	if (target.closest("[hidden]")) {
		input.value = "";
		filter();
		if (!row) target.scrollIntoView();
	}
	if (row) target.scrollIntoView({ block: "center" });
}
window.addEventListener("hashchange", reveal);
reveal();

const wish = /^#sort=([a-z-]+)((?:,\d+)+)$/.exec(location.hash);
const wished = wish && document.getElementById(wish[1]);
if (wished) {
	for (const column of wish[2].slice(1).split(",")) {
		const buttons = wished.querySelectorAll("th button");
		if (buttons[column]) buttons[column].click();
	}
	wished.scrollIntoView();
}
const words = /^#filter=(.*)$/.exec(location.hash);
if (words) {
	try {
		input.value = decodeURIComponent(words[1]);
	} catch {
		input.value = words[1];
	}
	filter();
}
