// Search, filters and order of the answers. Without it the page shows every question as it was asked.
"use strict";
const form = document.querySelector("form.choose");
const list = document.querySelector(".items");
const items = [...list.children];
const moved = (item) => Number(item.dataset.moved);
const words = new Map();

function read(item) {
  if (!words.has(item)) words.set(item, item.textContent.toLowerCase());
  return words.get(item);
}

function update() {
  const { text, topic, moved: side, order } = form.elements;
  const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of items) {
    const there = { closer: moved(item) > 0, away: moved(item) < 0 }[side.value] ?? true;
    item.hidden = !(there && (!topic.value || item.dataset.topic === topic.value) && wanted.every((word) => read(item).includes(word)));
  }
  const sign = { gain: -1, loss: 1 }[order.value] ?? 0;
  list.append(...[...items].sort((a, b) => sign * (moved(a) - moved(b))));
  const shown = items.filter((item) => !item.hidden).length;
  form.querySelector("output").value = shown === items.length ? `${shown} questions` : `${shown} of ${items.length} questions`;
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", update);
form.reset();
form.hidden = false;
inAddress(form, "", update);
