"use strict";
(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const pages = all("[data-language]");
  const kept = {
    get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* a page may be denied it */ } },
  };
  const fill = (text, given) => text.replace(/\{(\w+)\}/g, (_, key) => given[key]);

  // numbers and dates as the page's language writes them
  const number = (value, digits, words) => {
    const [whole, rest] = value.toFixed(digits).split(".");
    const parted = whole.replace(/\B(?=(\d{3})+$)/g, words.thousands);
    return rest ? parted + words.point + rest : parted;
  };
  const percent = (share, digits, words) =>
    fill(words.percent, { n: number(100 * share, digits, words) });
  const month = (day, words) =>
    fill(words.month, { month: words.months[Number(day.slice(5, 7)) - 1], year: day.slice(0, 4) });
  const date = (day, words) => fill(words.date, {
    day: Number(day.slice(8)), month: words.months_of_dates[Number(day.slice(5, 7)) - 1],
    year: day.slice(0, 4),
  });

  // the heat map: what it shows, and drawing it anew
  const studies = Object.keys(data.months);
  const state = { study: studies[0], segment: "all=all", mode: "on", per: "month" };
  const cohorts = () => {
    const found = state.per === "week"
      ? (data.weeks[state.study] || {})["all=all"]
      : (data.months[state.study] || {})[state.segment];
    return found || [];
  };
  // all cohorts together: of each cell first the customers of those that are old enough
  const pooled = () => {
    const found = state.per === "week"
      ? (data.pooled.weeks[state.study] || {})["all=all"]
      : (data.pooled.months[state.study] || {})[state.segment];
    return found || [];
  };
  const shade = (rate, top) => rate
    ? Math.min(data.shades - 1, Math.ceil((data.shades - 1) * rate / top - 1e-9)) : 0;
  const topRate = (rows, at) => {
    let top = 0;
    for (const [, size, , cells] of rows) {
      if (size < data.small) continue;
      for (const cell of cells) if (cell.length > 1) top = Math.max(top, cell[at] / size);
    }
    return top || 1;
  };
  const element = (name, text, css) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (css) made.className = css;
    return made;
  };
  const drawHeat = (table, words) => {
    const rows = cohorts();
    const at = state.mode === "on" ? 0 : 3;
    const width = Math.max(0, ...rows.map((row) => row[3].length));
    const top = topRate(rows, at);
    const head = table.tHead.rows[0];
    while (head.cells.length > 2) head.deleteCell(2);
    for (let n = 1; n <= width; n += 1) {
      const th = element("th", n);
      th.scope = "col";
      head.append(th);
    }
    const body = document.createElement("tbody");
    for (const [start, size, truncated, cells] of rows) {
      const line = body.insertRow();
      const told = state.per === "week" ? date(start, words) : month(start, words);
      const th = element("th", told + (truncated ? "*" : ""), "text");
      th.scope = "row";
      line.append(th, element("td", number(size, 0, words), "size"));
      for (let n = 0; n < width; n += 1) {
        const cell = cells[n];
        if (!cell) line.append(element("td", "", "later"));
        else if (cell.length === 1) line.append(element("td", "", "open"));
        else {
          const css = size < data.small ? "small" : `s${shade(cell[at] / size, top)}`;
          line.append(element("td", Math.floor(100 * cell[at] / size + 0.5), css));
        }
      }
    }
    table.tBodies[0].replaceWith(body);
    const line = table.tFoot.rows[0];
    while (line.cells.length > 2) line.deleteCell(2);
    for (let n = 0; n < width; n += 1) {
      const cell = pooled()[n];
      if (!cell) line.append(element("td", "", "later"));
      else {
        const rate = cell[at + 1] / cell[0];
        const css = cell[0] < data.small ? "small" : `s${shade(rate, top)}`;
        line.append(element("td", Math.floor(100 * rate + 0.5), css));
      }
    }
  };
  const counted = (words, given, size, cell, at) => {
    given.size = number(size, 0, words);
    given.n = number(cell[at], 0, words);
    given.rate = percent(cell[at] / size, 1, words);
    given.interval = fill(words.interval, {
      low: number(cell[at + 1] / 10, 1, words), high: percent(cell[at + 2] / 1000, 1, words),
    });
    return given;
  };
  const readPooled = (words, column) => {
    const given = {
      cohort: words.together, k: column + 1,
      unit: state.per === "week" ? words.in_weeks : words.in_months,
    };
    const cell = pooled()[column];
    if (!cell) return fill(words.none_pooled, given);
    counted(words, given, cell[0], cell.slice(1), state.mode === "on" ? 0 : 3);
    const small = cell[0] < data.small ? [fill(words.small_told, { small: data.small })] : [];
    return [fill(words.cell_pooled, given), ...small].join(" ");
  };
  const readHeat = (words, row, column) => {
    if (row === cohorts().length) return readPooled(words, column);
    const cohort = cohorts()[row];
    const [start, size, truncated, cells] = cohort;
    const cell = cells[column];
    const given = {
      cohort: state.per === "week" ? date(start, words) : month(start, words),
      k: column + 1, unit: state.per === "week" ? words.in_weeks : words.in_months,
      size: number(size, 0, words),
    };
    if (!cell) return fill(words.none, given);
    const at = state.mode === "on" || cell.length === 1 ? 0 : 3;
    given.n = number(cell[at], 0, words);
    if (cell.length === 1) return fill(words.cell_open, given);
    counted(words, given, size, cell, at);
    const notes = [];
    if (truncated) notes.push(words.truncated);
    if (size < data.small) notes.push(fill(words.small_told, { small: data.small }));
    return [fill(words.cell, given), ...notes].join(" ");
  };
  const drawn = () => {
    for (const page of pages) {
      const words = data.words[page.dataset.language];
      for (const table of all("[data-heat]", page)) {
        drawHeat(table, words);
        label(table);
        reading(table).textContent = words.hint;
      }
    }
    for (const select of all("select[data-state]")) {
      // weeks are of all customers together
      const whole = select.dataset.state === "segment" && state.per === "week";
      select.value = whole ? "all=all" : state[select.dataset.state];
      select.disabled = whole;
    }
    for (const button of all("button[data-state]")) {
      button.setAttribute("aria-pressed", String(state[button.dataset.state] === button.value));
    }
    const name = state.segment.split("=")[0];
    for (const panel of all("[data-curve]")) {
      panel.hidden = panel.dataset.study !== state.study || panel.dataset.segment !== name;
    }
  };

  // one stop for the Tab key, arrows within: every cell is told in the line above its map
  const reading = (table) => table.closest("article").querySelector("[data-reading]");
  const label = (table) => {
    const found = all(":is(tbody, tfoot) td:not(.size)", table);
    found.forEach((cell, place) => { cell.tabIndex = place ? -1 : 0; });
  };
  const tell = (table, cell) => {
    const words = data.words[table.closest("[data-language]").dataset.language];
    const row = cell.parentElement.rowIndex - 1;
    const column = cell.cellIndex - 2;
    if (table.matches("[data-heat]")) reading(table).textContent = readHeat(words, row, column);
    else if (cell.textContent) {
      reading(table).textContent = fill(words.value_cell, {
        cohort: cell.parentElement.cells[0].textContent, k: column, value: cell.textContent,
      });
    } else reading(table).textContent = fill(words.none, {
      cohort: cell.parentElement.cells[0].textContent, k: column, unit: words.in_months,
    });
  };
  const cellOf = (event) => event.target.closest(":is(tbody, tfoot) td:not(.size)");
  const wireHeat = (table) => {
    table.addEventListener("mouseover", (event) => {
      const cell = cellOf(event);
      if (cell) tell(table, cell);
    });
    table.addEventListener("focusin", (event) => {
      const cell = cellOf(event);
      if (cell) tell(table, cell);
    });
    table.addEventListener("keydown", (event) => {
      const cell = cellOf(event);
      if (!cell) return;
      const rows = [...table.tBodies[0].rows, ...(table.tFoot ? table.tFoot.rows : [])];
      const row = rows.indexOf(cell.parentElement);
      const last = cell.parentElement.cells.length - 1;
      const to = {
        ArrowLeft: [row, Math.max(2, cell.cellIndex - 1)],
        ArrowRight: [row, Math.min(last, cell.cellIndex + 1)],
        ArrowUp: [Math.max(0, row - 1), cell.cellIndex],
        ArrowDown: [Math.min(rows.length - 1, row + 1), cell.cellIndex],
        Home: [event.ctrlKey ? 0 : row, 2],
        End: [event.ctrlKey ? rows.length - 1 : row, last],
      }[event.key];
      if (!to) return;
      event.preventDefault();
      const next = rows[to[0]].cells[to[1]];
      cell.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  };

  // files for other programs; text that a spreadsheet would take for a formula is told apart
  const field = (value) => {
    const isNumber = value !== "" && Number.isFinite(Number(value));
    const safe = !isNumber && /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const download = (name, rows) => {
    const text = rows.map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
    link.download = `${name}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  const rowsOf = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    const names = heads.flatMap((th) => [th.dataset.name, th.dataset.low, th.dataset.high]
      .filter((name) => name !== undefined));
    const lines = [...table.tBodies[0].rows].map((row) => [...row.cells].flatMap((cell, place) => {
      const values = [cell.dataset.v];
      if (heads[place].dataset.low !== undefined) values.push(cell.dataset.l || "");
      if (heads[place].dataset.high !== undefined) values.push(cell.dataset.h || "");
      return values;
    }));
    return [names, ...lines];
  };
  const downloadTable = (button) => {
    const near = button.closest("[data-curve]") || button.closest("article");
    download(button.dataset.csvOf, rowsOf(near.querySelector("table[data-csv]")));
  };
  const downloadHeat = () => {
    const names = ["study", "segment", "period", "cohort_start", "period_number", "cohort_size",
      "customers_back", "rate", "rate_low", "rate_high", "is_complete"];
    const at = state.mode === "on" ? 0 : 3;
    const segment = state.per === "week" ? "all=all" : state.segment;
    const lines = cohorts().flatMap(([start, size, , cells]) => cells.map((cell, place) => {
      const isComplete = cell.length > 1;
      const rate = isComplete
        ? [cell[at] / size, cell[at + 1] / 1000, cell[at + 2] / 1000] : ["", "", ""];
      return [state.study, segment, state.per, start, place + 1, size, cell[isComplete ? at : 0],
        ...rate, isComplete];
    }));
    pooled().forEach((cell, place) => {
      if (cell) lines.push([state.study, segment, state.per, "all", place + 1, cell[0], cell[at + 1],
        cell[at + 1] / cell[0], cell[at + 2] / 1000, cell[at + 3] / 1000, true]);
    });
    download(`cohorts-${state.study}-${state.per}-${state.mode}`, [names, ...lines]);
  };

  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); } catch {
      const area = element("textarea", text);
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  const copyCode = async (button) => {
    const told = button.dataset.copy ||= button.textContent;
    await copy(button.parentElement.querySelector("code").textContent);
    button.textContent = data.words[button.closest("[data-language]").dataset.language].copied;
    setTimeout(() => { button.textContent = told; }, 1500);
  };

  // language, theme, and links into what is folded
  const speak = (code) => {
    const held = document.querySelector(`script[data-held="${code}"]`);
    if (held) {
      held.insertAdjacentHTML("beforebegin", held.textContent);
      const page = held.previousElementSibling;
      held.remove();
      pages.push(page);
      wire(page);
      if (studies.length) drawn();
    }
    root.lang = code;
    for (const page of pages) page.hidden = page.dataset.language !== code;
    for (const button of all("[data-set-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setLanguage === code));
    }
  };
  const speakNow = (code) => {
    kept.set("retention-language", code);
    speak(code);
    reach();
    const shown = pages.find((page) => !page.hidden);
    shown.querySelector(`[data-set-language="${code}"]`).focus();
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = kept.get("retention-theme");
  const paint = () => { root.dataset.theme = chosen || (dark.matches ? "dark" : "light"); };
  dark.addEventListener("change", paint);
  const paintOther = () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    kept.set("retention-theme", chosen);
    paint();
  };
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", unfold);

  // whatever scrolls has to be reached by the keyboard, and nothing else; a table that goes on below
  // its box says so, and fades there until its end is reached. All are measured before one is
  // changed: after each change the whole page would be laid out anew
  const measured = (box) => [box, box.scrollWidth > box.clientWidth,
    box.scrollHeight - box.clientHeight, box.scrollTop];
  const fade = ([box, , below, at]) => {
    const more = box.nextElementSibling;
    if (more && more.matches(".more")) more.hidden = below <= 1;
    box.classList.toggle("cut", below - at > 1);
  };
  const reach = () => {
    const within = pages.find((page) => !page.hidden);
    const boxes = all(".drawing, .scroll:not(:has([role=grid])), pre", within)
      .filter((box) => !box.closest("details:not([open])")).map(measured);
    for (const found of boxes) {
      const [box, isWide, below] = found;
      if (isWide || below > 0) box.tabIndex = 0; else box.removeAttribute("tabindex");
      if (box.matches(".tall")) fade(found);
    }
  };
  document.addEventListener("scroll", (event) => {
    if (event.target instanceof Element && event.target.matches(".tall")) fade(measured(event.target));
  }, true);
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);

  // what answers to a hand, in the page of a language
  const wire = (page) => {
    const on = (selector, does, type = "click") => {
      for (const one of all(selector, page)) one.addEventListener(type, () => does(one));
    };
    const set = (control) => {
      state[control.dataset.state] = control.value;
      drawn();
    };
    on("button[data-state]", set);
    on("select[data-state]", set, "change");
    on("[data-csv-of]", downloadTable);
    on("[data-heat-csv]", downloadHeat);
    on("[data-copy]", copyCode);
    on("[data-set-language]", (button) => speakNow(button.dataset.setLanguage));
    on("[data-theme-switch]", paintOther);
    on("[data-print]", () => print());
    all("[data-heat], [data-value-heat]", page).forEach(wireHeat);
    all("[data-value-heat]", page).forEach(label);
  };

  root.classList.remove("no-script");
  pages.forEach(wire);
  const known = kept.get("retention-language");
  if (known && data.words[known]) speak(known);
  paint();
  unfold();
  if (studies.length) drawn();
  reach();
})();
