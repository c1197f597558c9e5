"use strict";
// Sorting by a click on a column, searching, saving the rows as they stand in the results.
const csv = JSON.parse(document.getElementById("csv").textContent);
const body = document.querySelector("tbody");
const rows = [...body.rows];
const count = document.getElementById("count");
function show() {
  const wanted = document.getElementById("search").value.trim().toLocaleLowerCase();
  let shown = 0;
  for (const row of rows) {
    row.hidden = wanted !== "" && !row.textContent.toLocaleLowerCase().includes(wanted);
    shown += row.hidden ? 0 : 1;
  }
  count.textContent = `${shown} of ${csv.rows} rows${rows.length < csv.rows ? `, the first ${rows.length} are here` : ""}`;
}
document.getElementById("search").addEventListener("input", show);
document.querySelectorAll("th").forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
  const down = head.getAttribute("aria-sort") === "ascending";
  document.querySelectorAll("th").forEach((one) => one.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const numeric = head.classList.contains("number");
  const key = (row) => { const cell = row.cells[column], text = cell.title || cell.textContent; return numeric ? (text === "–" || text === "" ? NaN : Number(text.replace("−", "-"))) : text; };
  rows.sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    if (numeric) return Number.isNaN(left) ? (Number.isNaN(right) ? 0 : 1) : Number.isNaN(right) ? -1 : down ? right - left : left - right;
    return down ? right.localeCompare(left) : left.localeCompare(right);
  });
  body.append(...rows);
}));
document.getElementById("save").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv.text], { type: "text/csv" }));
  link.download = csv.name;
  link.click();
  URL.revokeObjectURL(link.href);
});
show();
