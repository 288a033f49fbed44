// Sorting and filtering of the board. Without it the page shows every row.
"use strict";
function setUp(world) {
  const table = world.querySelector("table.all");
  const form = world.querySelector(".filters");
  const groups = [...table.tBodies];
  const rows = groups.flatMap((body) => [...body.rows].filter((row) => !row.matches(".group")));
  const home = new Map(rows.map((row) => [row, row.parentNode]));
  const flat = table.createTBody();
  const pinned = table.createTBody();
  const headers = [...table.tHead.rows[0].cells];
  const order = { column: null, down: true };

  const words = (row) => [row.dataset.method, row.dataset.culture, row.dataset.model].join(" ").toLowerCase();
  const chosen = (name) => form.elements[name]?.value ?? "";

  // Numbers before texts; what has no value comes last, whatever the direction.
  function compare(a, b) {
    const at = headers.findIndex((cell) => cell.dataset.sort === order.column);
    const [x, y] = [a, b].map((row) => row.cells[at].dataset.v);
    if (x === "" || y === "") return (x === "") - (y === "");
    const text = order.column === "label" || order.column === "culture";
    const before = text ? x.localeCompare(y) : Number(x) - Number(y);
    return order.down ? -before : before;
  }

  function arrange() {
    const grouped = form.elements.grouped.checked;
    table.classList.toggle("flat", !grouped);
    const sorted = order.column ? [...rows].sort(compare) : rows;
    const sanity = (row) => row.matches(".reference");
    for (const row of [...sorted.filter((row) => !sanity(row)), ...sorted.filter(sanity)]) {
      (grouped ? home.get(row) : sanity(row) ? pinned : flat).append(row);
    }
    for (const cell of headers) {
      if (!cell.dataset.sort) continue;
      const here = cell.dataset.sort === order.column;
      cell.setAttribute("aria-sort", here ? (order.down ? "descending" : "ascending") : "none");
    }
  }

  function sortBy(column) {
    const text = column === "label" || column === "culture";
    order.down = order.column === column ? !order.down : !text;
    order.column = column;
    arrange();
  }

  function filter() {
    const text = chosen("text").toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (part, names) => names.every((name) => !chosen(name) || part.dataset[name] === chosen(name));
    const [sanity, models] = [true, false].map((kind) => rows.filter((row) => row.matches(".reference") === kind));
    for (const row of models) {
      row.hidden = !(fits(row, ["culture", "model", "method"]) && text.every((word) => words(row).includes(word)));
    }
    const seen = models.filter((row) => !row.hidden);
    // Sanity rows stand with the methods of their board, and go with the last of them.
    for (const row of sanity) row.hidden = !seen.some((other) => home.get(other) === home.get(row));
    const methods = new Set(seen.map(words));
    for (const body of groups) body.rows[0].hidden = rows.every((row) => home.get(row) !== body || row.hidden);
    for (const figure of world.querySelectorAll("figure[data-culture]")) {
      figure.hidden = !fits(figure, ["culture", "model"]);
      for (const line of figure.querySelectorAll("[data-method]")) {
        const { method } = line.dataset;
        line.hidden = !methods.has(words({ dataset: { ...figure.dataset, method } }));
      }
    }
    const [shown, all] = [seen.length, models.length];
    form.querySelector("output").value = shown === all ? `${all} rows` : `${shown} of ${all} rows`;
  }

  for (const cell of headers) {
    cell.querySelector("button")?.addEventListener("click", () => sortBy(cell.dataset.sort));
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    table.classList.toggle("with-further", form.elements.further.checked);
    if (event.target.name === "sort") {
      order.column = null;
      if (event.target.value) sortBy(event.target.value);
    }
    arrange();
    filter();
  });
  form.reset();
  form.hidden = false;
  filter();
}

for (const world of document.querySelectorAll(".world")) setUp(world);
