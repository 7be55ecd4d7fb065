/* Tables of all outputs on the page: sorted by a click or a key on a header, and linked with the live view by data-id. */
(() => {
  if (window.kstateTables) return;
  window.kstateTables = true;
  const SECONDS = [31536000, 86400, 3600, 60, 1], BYTES = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

  /* An age, a number or a quantity as a number; null for any other text. */
  function measure(text) {
    const age = text && text.match(/^(?:(\d+)y)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/);
    if (age) return SECONDS.reduce((sum, unit, i) => sum + unit * (age[i + 1] || 0), 0);
    const size = text.match(/^(\d+(?:\.\d+)?)([kMGT]i?|Ki|)$/);
    return size ? size[1] * BYTES[size[2]] : null;
  }
  function compare(a, b) {
    const [x, y] = [measure(a), measure(b)];
    return x === null || y === null ? a.localeCompare(b, "en", { numeric: true }) : x - y;
  }
  /* Upwards, downwards, as it was printed. */
  function sort(header) {
    const body = header.closest("table").tBodies[0], at = header.cellIndex;
    const order = { ascending: "descending", descending: "" }[header.getAttribute("aria-sort")] ?? "ascending";
    for (const each of header.parentElement.cells) each.removeAttribute("aria-sort");
    body.printed ||= [...body.rows];
    const rows = [...body.printed], sign = order === "descending" ? -1 : 1;
    if (order) {
      header.setAttribute("aria-sort", order);
      rows.sort((a, b) => sign * compare(a.cells[at].textContent.trim(), b.cells[at].textContent.trim()));
    }
    body.append(...rows);
  }
  function step(row, key) {
    const next = key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
    if (!next) return;
    row.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
  let pointed = "";
  function point(target) {
    const id = target?.closest?.(".kstate-output [data-id], .kview [data-id]")?.dataset.id || "";
    if (id === pointed) return;
    pointed = id;
    document.querySelectorAll(".kstate-pointed").forEach((each) => each.classList.remove("kstate-pointed"));
    if (id) document.querySelectorAll(`[data-id="${CSS.escape(id)}"]`).forEach((each) => each.classList.add("kstate-pointed"));
  }
  document.addEventListener("click", ({ target }) => {
    const header = target.closest(".kstate-output th");
    if (header) sort(header);
  });
  window.addEventListener("keydown", (event) => {          // before JupyterLab, whose shortcuts these keys are, too
    const cell = event.target.closest?.(".kstate-output th, .kstate-output tbody tr");
    const plain = cell && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!plain || !(cell.tagName === "TH" ? ["Enter", " "] : ["ArrowUp", "ArrowDown"]).includes(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (cell.tagName === "TH") sort(cell);
    else step(cell, event.key);
  }, true);
  document.addEventListener("mouseover", ({ target }) => point(target));
  document.addEventListener("focusin", ({ target }) => point(target));
  document.addEventListener("focusout", ({ relatedTarget }) => point(relatedTarget));
})();
