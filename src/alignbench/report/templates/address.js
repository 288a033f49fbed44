// What was chosen on a page stands in its address, behind the #: a link shows what its sender saw.
"use strict";
function inAddress(scope, mark, update) {
  const fields = [...scope.querySelectorAll("input, select")].filter((field) => field.name);
  const name = (field) => (mark && !field.name.endsWith(mark) ? field.name + mark : field.name);
  const kind = (field) => ({ checkbox: "checked", radio: "checked" })[field.type] ?? "value";
  const usual = new Map(fields.map((field) => [field, field[kind(field)]]));

  function read() {
    const said = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) {
      const value = said.get(name(field));
      if (field.type === "radio") field.checked = value === null ? usual.get(field) : field.value === value;
      else if (field.type === "checkbox") field.checked = value === null ? usual.get(field) : value === "1";
      else field.value = value ?? usual.get(field);
    }
    update();
  }

  function write() {
    // What other parts of the page say stays; an anchor gives way.
    const said = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    for (const field of fields) {
      const now = field[kind(field)];
      if (field.type === "radio" && !now) continue;
      if (now === usual.get(field)) said.delete(name(field));
      else said.set(name(field), field.type === "checkbox" ? Number(now) : field.value);
    }
    history.replaceState(null, "", String(said) ? `#${said}` : location.pathname + location.search);
  }

  scope.addEventListener("input", write);
  addEventListener("hashchange", () => location.hash.includes("=") && read());
  read();
}
