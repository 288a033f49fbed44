// Sorting, filtering and folding of the board; what was chosen stands in the address. Without it the page shows
// every row.
"use strict";
// Rows of a board that are shown at once, unless every row is wanted: more take a browser seconds. Our choice.
const AT_ONCE = 200;
function setUp(world) {
  const table = world.querySelector("table.all");
  const form = world.querySelector("form.filters");
  const groups = [...table.tBodies];
  const rows = groups.flatMap((body) => [...body.rows].filter((row) => !row.matches(".group")));
  const home = new Map(rows.map((row) => [row, row.parentNode]));
  const flat = table.createTBody();
  const pinned = table.createTBody();
  const headers = [...table.tHead.rows[0].cells];
  const kinds = ["method", "culture", "model"];

  const words = (row) => kinds.map((kind) => row.dataset[kind]).join(" ").toLowerCase();
  const chosen = (name) => form.elements[name]?.value ?? "";
  const { grouped, further, sort, rising, every } = form.elements;
  const ofWords = (column) => column === "label" || column === "culture";

  // Numbers before texts; what has no value comes last, whatever the direction.
  function compare(a, b) {
    const [x, y] = [a, b].map((row) => row.cells[headers.findIndex((cell) => cell.dataset.sort === sort.value)].dataset.v);
    if (x === "" || y === "") return (x === "") - (y === "");
    const before = ofWords(sort.value) ? x.localeCompare(y) : Number(x) - Number(y);
    return rising.checked ? before : -before;
  }

  let still = true; // no row has moved yet
  function arrange() {
    table.classList.toggle("flat", !grouped.checked);
    table.classList.toggle("with-further", further.checked);
    if (still && grouped.checked && !sort.value) return;
    still = false;
    const sorted = sort.value ? [...rows].sort(compare) : rows;
    const sanity = (row) => row.matches(".reference");
    for (const row of [...sorted.filter((row) => !sanity(row)), ...sorted.filter(sanity)]) {
      (grouped.checked ? home.get(row) : sanity(row) ? pinned : flat).append(row);
    }
    for (const cell of headers) {
      if (!cell.dataset.sort) continue;
      const here = cell.dataset.sort === sort.value;
      cell.setAttribute("aria-sort", here ? (rising.checked ? "ascending" : "descending") : "none");
    }
  }

  // Words rise and numbers fall at first; the same column again turns round.
  function sortBy(column) {
    rising.checked = sort.value === column ? !rising.checked : ofWords(column);
    sort.value = column;
    rising.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // A part of the page stands for the rows of the method, culture and model that it is in; blank stands for all.
  const key = (names) => JSON.stringify(names);
  const place = new Map(
    [...world.querySelectorAll("[data-method], [data-culture], [data-model]")]
      .filter((part) => !table.contains(part))
      .map((part) => [part, key(kinds.map((kind) => part.closest(`[data-${kind}]`)?.dataset[kind] ?? ""))]),
  );

  function filter() {
    const text = chosen("text").toLowerCase().split(/\s+/).filter(Boolean);
    const inOrder = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.matches(".group"));
    const [sanity, models] = [true, false].map((kind) => inOrder.filter((row) => row.matches(".reference") === kind));
    const seen = new Set();
    const boards = new Set();
    const columns = new Set();
    let [found, shown] = [0, 0];
    for (const row of models) {
      const names = kinds.map((kind) => row.dataset[kind]);
      const fits = kinds.every((kind, at) => !chosen(kind) || names[at] === chosen(kind));
      const here = fits && text.every((word) => words(row).includes(word));
      row.hidden = !here || (!every.checked && shown === AT_ONCE);
      if (!here) continue;
      found += 1;
      if (!row.hidden) {
        shown += 1;
        boards.add(home.get(row));
      }
      columns.add(row.dataset.culture);
      // Every way of leaving names blank.
      for (let left = 0; left < 8; left += 1) seen.add(key(names.map((name, at) => (left >> at) & 1 ? "" : name)));
    }
    // Sanity rows stand with the methods of their board, and go with the last of them.
    for (const row of sanity) row.hidden = !boards.has(home.get(row));
    for (const body of groups) body.rows[0].hidden = !boards.has(body);
    for (const [part, names] of place) part.hidden = !seen.has(names);
    for (const cell of world.querySelectorAll("[data-column]")) cell.hidden = !columns.has(cell.dataset.column);
    every.closest("label").hidden = found <= AT_ONCE;
    const first = shown < found ? `, the first ${shown} below` : "";
    form.querySelector("output").value = (found < models.length ? `${found} of ` : "") + `${models.length} rows${first}`;
  }

  for (const cell of headers) {
    cell.querySelector("button")?.addEventListener("click", () => sortBy(cell.dataset.sort));
  }
  // On a phone a row is a line that opens.
  table.addEventListener("click", (event) => {
    const button = event.target.closest("button.opens");
    button?.setAttribute("aria-expanded", button.closest("tr").classList.toggle("open"));
  });
  table.classList.add("folding");
  form.addEventListener("submit", (event) => event.preventDefault());
  const update = (event) => {
    if (event?.target === sort) rising.checked = ofWords(sort.value);
    arrange();
    filter();
  };
  world.addEventListener("input", update);
  form.reset();
  for (const part of world.querySelectorAll(".filters")) part.hidden = false;
  inAddress(world, world.id.replace("world", ""), update);
}

for (const world of document.querySelectorAll(".world")) setUp(world);
if (matchMedia("(max-width: 44rem)").matches) for (const part of document.querySelectorAll("details.part")) part.open = false;
