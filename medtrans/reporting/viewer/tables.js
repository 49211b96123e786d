"use strict";
// Sortable tables, and buttons that copy a text.
(() => {
  const words = new Intl.Collator("en", { numeric: true });

  // Sort key of a group of rows; null without a value, which counts as the worst.
  function sortKey(part, column) {
    const value = part.querySelector("tr").querySelector(`[data-column="${column}"]`)?.dataset.value;
    return value === undefined || value === "" ? null : Number(value);
  }

  function compare(head) {
    const { column, better } = head.dataset;
    if (!better) return (one, other) => words.compare(one.dataset.name, other.dataset.name);
    const sign = better === "lower" ? -1 : 1;
    return (one, other) => {
      const [a, b] = [sortKey(one, column), sortKey(other, column)].map((value) =>
        (value === null || Number.isNaN(value) ? -Infinity : sign * value));
      return a === b ? 0 : a - b;
    };
  }

  function sort(head) {
    const table = head.closest("table"), parts = [...table.tBodies], { better } = head.dataset;
    const [first, second] = better === "lower" ? ["descending", "ascending"] : ["ascending", "descending"];
    const now = head.getAttribute("aria-sort") === first ? second : first;
    for (const other of table.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", now);
    parts.sort(compare(head));
    table.append(...(now === first ? parts : parts.reverse()));
  }

  for (const head of document.querySelectorAll("table.sortable th[aria-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head));
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text.textContent);
      return true;
    } catch {
      const range = document.createRange();
      range.selectNodeContents(text);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      return document.execCommand("copy");
    }
  }

  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copy(document.getElementById(button.dataset.text));
      button.textContent = done ? "Copied" : "Press Ctrl+C";
    });
  }
})();
