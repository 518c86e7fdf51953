"use strict";
(() => {
  const root = document.documentElement;

  /* ---- light and dark ---- */
  const button = document.getElementById("report-theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { button.textContent = dark() ? "Light colours" : "Dark colours"; };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; name(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();

  /* ---- tables: a click on a heading sorts, another one turns the order ---- */
  const value = (cell) => {
    const text = cell.textContent.trim();
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  const order = (a, b) => {
    const first = typeof a === "number", second = typeof b === "number";
    return first && second ? a - b : first ? -1 : second ? 1 : a.localeCompare(b);
  };
  const sort = (table, column, heading) => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [value(row.cells[column]), row]);
    /* Numbers first, in either order; what has none is last. */
    rows.sort(([a], [b]) => typeof a === typeof b && down ? order(b, a) : order(a, b));
    body.append(...rows.map(([, row]) => row));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const press = document.createElement("button");
      press.type = "button";
      press.append(...heading.childNodes);
      heading.append(press);
      press.addEventListener("click", () => sort(table, column, heading));
    });
  }

  /* ---- charts: the values at the pointer, or at a slider ---- */
  const place = (axis, x) => axis[2] ? Math.log(x / axis[0]) / Math.log(axis[1] / axis[0]) : (x - axis[0]) / (axis[1] - axis[0]);
  const show = (number) => number === null || number === undefined ? "undefined" : String(Number(number.toPrecision(6)));
  const nearest = (list, x) => {
    let low = 0, high = list.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] < x) low = middle + 1; else high = middle;
    }
    return low > 0 && Math.abs(list[low - 1] - x) <= Math.abs(list[low] - x) ? low - 1 : low;
  };
  const attach = (chart) => {
    const figure = document.getElementById(chart.figure);
    const svg = figure && figure.querySelector("svg");
    const places = [...new Set(chart.curves.flatMap((curve) => curve.x))].sort((a, b) => a - b);
    if (!svg || places.length < 2) return;
    const [left, top, width, height] = chart.frame;
    const cursor = document.createElementNS("http://www.w3.org/2000/svg", "path");
    cursor.setAttribute("class", "chart-cursor");
    svg.append(cursor);
    const line = document.createElement("div");
    const slider = document.createElement("input");
    const output = document.createElement("output");
    line.className = "read";
    Object.assign(slider, { type: "range", min: 0, max: places.length - 1, step: 1, value: places.length - 1 });
    slider.setAttribute("aria-label", "Read values of: " + figure.querySelector("figcaption").textContent);
    line.append(slider, output);
    figure.querySelector(".drawing").after(line);
    const read = (index) => {
      const x = places[index];
      const parts = chart.curves.map((curve) => [curve, curve.x.indexOf(x)]).filter(([, at]) => at >= 0)
        .map(([curve, at]) => curve.name + " " + show(curve.y[at]));
      const text = chart.name + " " + show(x) + ": " + parts.join(", ");
      const at = left + width * place(chart.x, x);
      cursor.setAttribute("d", "M" + at + "," + top + "v" + height);
      output.textContent = text;
      slider.setAttribute("aria-valuetext", text);
    };
    slider.addEventListener("input", () => read(Number(slider.value)));
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const share = ((event.clientX - box.left) / box.width * svg.viewBox.baseVal.width - left) / width;
      if (share < -0.02 || share > 1.02) return;
      const x = chart.x[2] ? chart.x[0] * (chart.x[1] / chart.x[0]) ** share : chart.x[0] + share * (chart.x[1] - chart.x[0]);
      slider.value = nearest(places, x);
      read(Number(slider.value));
    });
  };
  for (const chart of JSON.parse(document.getElementById("report-values").textContent)) attach(chart);
})();
