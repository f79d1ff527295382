"use strict";
// A click on a heading sorts the table by that column; another one turns the
// order round. #sort=SECTION,COLUMN,… in the address clicks for you.
function value(row, column) {
	const text = row.cells[column].dataset.sort;
	return /^\d+$/.test(text) ? BigInt(text) : text;
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

const wish = /^#sort=([a-z-]+)((?:,\d+)+)$/.exec(location.hash);
const wished = wish && document.getElementById(wish[1]);
if (wished) {
	for (const column of wish[2].slice(1).split(",")) {
		const buttons = wished.querySelectorAll("th button");
		if (buttons[column]) buttons[column].click();
	}
	wished.scrollIntoView();
}
