"use strict";
// Colours of Okabe and Ito (2008), as in the other figures.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
const INK = "#262626", GREY = "#808080", FAINT = "#e4e4e4";
const { arms } = JSON.parse(document.getElementById("data").textContent);
const colour = (i) => COLOURS[i % COLOURS.length];
const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

/** A number with no more digits than it needs. */
function number(v) {
  return Number(v.toPrecision(5)).toLocaleString("en-US", { maximumSignificantDigits: 5 });
}

/** Round numbers within [low, high], about `count` of them; none where numbers of this size cannot be told apart at that step. */
function ticks(low, high, count, whole) {
  count = Math.max(count, 1);
  const raw = high / count - low / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  let step = [1, 2, 5, 10].find((m) => m * power >= raw) * power;
  if (whole) step = Math.max(1, Math.round(step));
  const first = Math.ceil(low / step), last = Math.floor(high / step + 1e-9);
  if (!(Math.abs(first) < 2 ** 53 && Math.abs(last) < 2 ** 53 && last >= first)) return [];
  return Array.from({ length: Math.min(last - first + 1, 1000) }, (_, k) => (first + k) * step);
}

/** `low` to `high` with a part of it as room on both sides: never empty, always finite. */
function padded(low, high, part) {
  const size = Math.max(Math.abs(low), Math.abs(high));
  // Numbers that differ in their last digits alone are drawn as equal ones.
  const room = Math.max(high - low > size * 1e-14 ? high * part - low * part : Math.max(size * 0.1, 1), 1e-300);
  return [Math.max(low - room, -Number.MAX_VALUE), Math.min(high + room, Number.MAX_VALUE)];
}

/** A canvas with a horizontal view that the wheel zooms, dragging moves and a double click resets. */
class Chart {
  constructor(canvas, all, draw, describe) {
    Object.assign(this, { canvas, all, draw, view: all.slice(), left: 64, right: 14 });
    this.height = Number(canvas.getAttribute("height"));
    this.tip = canvas.parentElement.querySelector(".tip");
    canvas.addEventListener("wheel", (e) => {
      e.preventDefault();
      this.zoom(this.at(e.offsetX), e.deltaY < 0 ? 0.8 : 1.25);
    }, { passive: false });
    let last = null;
    canvas.addEventListener("pointerdown", (e) => {
      last = e.offsetX;
      // A pointer that a script made up cannot be captured.
      try { canvas.setPointerCapture(e.pointerId); } catch { /* dragging works within the canvas */ }
    });
    canvas.addEventListener("pointerup", () => { last = null; });
    canvas.addEventListener("pointermove", (e) => {
      if (last !== null) {
        this.move(this.at(last) - this.at(e.offsetX));
        last = e.offsetX;
        return;
      }
      const text = e.offsetX < this.left ? null : describe(this, e.offsetX, e.offsetY);
      this.tip.hidden = text === null;
      if (text === null) return;
      this.tip.textContent = text;
      const room = this.width - this.tip.offsetWidth - 4;
      this.tip.style.left = `${clamp(e.offsetX + 14, 0, Math.max(room, 0))}px`;
      this.tip.style.top = `${e.offsetY + 14}px`;
    });
    canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    canvas.addEventListener("dblclick", () => { this.view = this.all.slice(); this.paint(); });
    this.paint();
    // The first call tells the size there is already.
    new ResizeObserver(() => { if (this.width !== this.painted) this.paint(); }).observe(canvas);
  }
  get width() { return this.canvas.clientWidth || 800; }
  get inner() { return this.width - this.left - this.right; }
  x(v) { return this.left + (v - this.view[0]) / (this.view[1] - this.view[0]) * this.inner; }
  at(x) { return this.view[0] + (x - this.left) / this.inner * (this.view[1] - this.view[0]); }
  zoom(around, factor) {
    const [low, high] = this.all;
    const least = high - low > 4 ? 4 : (high - low) / 1000;
    const span = clamp((this.view[1] - this.view[0]) * factor, least, high - low);
    const part = (around - this.view[0]) / (this.view[1] - this.view[0]);
    const from = clamp(around - clamp(part, 0, 1) * span, low, high - span);
    this.view = [from, from + span];
    this.paint();
  }
  move(by) {
    const shift = clamp(by, this.all[0] - this.view[0], this.all[1] - this.view[1]);
    this.view = this.view.map((v) => v + shift);
    this.paint();
  }
  paint() {
    const dots = window.devicePixelRatio || 1;
    this.painted = this.width;
    this.canvas.width = this.width * dots;
    this.canvas.height = this.height * dots;
    this.canvas.style.height = `${this.height}px`;
    const g = this.canvas.getContext("2d");
    g.scale(dots, dots);
    g.clearRect(0, 0, this.width, this.height);
    g.font = "12px system-ui, sans-serif";
    this.draw(this, g);
  }
  /** Axes of a panel from `top` to `bottom`; returns value -> pixel. */
  axes(g, top, bottom, [low, high], yLabel, xLabel, whole, wholeX = true) {
    // Halves do not overflow.
    const y = (v) => bottom - (v / 2 - low / 2) / (high / 2 - low / 2) * (bottom - top);
    g.textBaseline = "middle";
    g.textAlign = "right";
    for (const v of ticks(low, high, (bottom - top) / 40, whole)) {
      g.fillStyle = FAINT;
      g.fillRect(this.left, y(v), this.inner, 1);
      g.fillStyle = INK;
      g.fillText(number(v), this.left - 6, y(v));
    }
    g.textBaseline = "top";
    g.textAlign = "center";
    for (const v of ticks(...this.view, this.inner / 90, wholeX)) {
      g.fillStyle = FAINT;
      g.fillRect(this.x(v), top, 1, bottom - top);
      g.fillStyle = INK;
      if (xLabel) g.fillText(number(v), this.x(v), bottom + 5);
    }
    if (xLabel) g.fillText(xLabel, this.left + this.inner / 2, bottom + 21);
    g.save();
    g.translate(3, (top + bottom) / 2);
    g.rotate(-Math.PI / 2);
    g.fillText(yLabel, 0, 0);
    g.restore();
    g.fillStyle = GREY;
    g.fillRect(this.left, bottom, this.inner, 1);
    g.fillRect(this.left, top, 1, bottom - top);
    return y;
  }
  /** Runs `paint` where it cannot paint over the axes. */
  within(g, top, bottom, paint) {
    g.save();
    g.beginPath();
    g.rect(this.left, top, this.inner, bottom - top);
    g.clip();
    paint();
    g.restore();
  }
}

/** Marks of whole pixels, painted as one picture: a hundred thousand cost no more than a few. */
class Marks {
  constructor(width, height) {
    this.dots = window.devicePixelRatio || 1;
    this.canvas = document.createElement("canvas");
    this.canvas.width = Math.max(1, Math.round(width * this.dots));
    this.canvas.height = Math.max(1, Math.round(height * this.dots));
    this.image = new ImageData(this.canvas.width, this.canvas.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }
  /** A rectangle, at least a pixel each way, clipped. */
  mark(left, right, top, bottom, pixel) {
    const { width, height } = this.canvas;
    const edge = (v) => Math.round(v * this.dots);
    const from = edge(left), to = Math.min(Math.max(edge(right), from + 1), width);
    const first = edge(top), last = Math.min(Math.max(edge(bottom), first + 1), height);
    for (let row = Math.max(first, 0); row < last; row++) {
      if (from < to) this.pixels.fill(pixel, row * width + Math.max(from, 0), row * width + to);
    }
  }
  /** The colour "#rrggbb" as a pixel. */
  static pixel(colour) {
    const bytes = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return new Uint32Array(new Uint8Array([...bytes, 255]).buffer)[0];
  }
  paint(g, left, top, width, height) {
    this.canvas.getContext("2d").putImageData(this.image, 0, 0);
    g.drawImage(this.canvas, left, top, width, height);
  }
}

function line(g, points, style, width) {
  g.beginPath();
  points.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
  g.strokeStyle = style;
  g.lineWidth = width;
  g.stroke();
}

/** Index of the last of ascending `xs` that is not above `x`, or -1. */
function before(xs, x) {
  let low = -1, high = xs.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle; else high = middle;
  }
  return low;
}

/** NumPy's linear quantile of ascending values. */
function quantile(values, q) {
  const at = (values.length - 1) * q, low = Math.floor(at);
  const part = at - low, next = values[low + 1] ?? values[low];
  return values[low] * (1 - part) + next * part;
}

function curves() {
  const hidden = new Set();
  const hiddenSeeds = new Set();
  let single = arms.every((arm) => arm.runs.length === 1);
  const shown = (a) => arms[a].runs.filter((run) => run.x.length && !hiddenSeeds.has(run.seed));
  // What the curves run over: the run's points, and words.
  const units = {
    episodes: { of: (run) => run.x, first: 1, label: "episode", name: "episode" },
    steps: { of: (run) => run.steps, first: 0, label: "environment step", name: "step" },
    seconds: { of: (run) => run.seconds, first: 0, label: "seconds of training", name: "second" },
  };
  let unit = units[arms[0].over];
  const end = (run) => unit.of(run)[unit.of(run).length - 1];
  // Median and quartiles on a grid; a run that ended keeps its last value.
  const spread = (runs) => {
    const last = Math.max(...runs.map(end));
    const grid = [];
    const step = unit === units.seconds ? last / 400 || 1 : Math.max(1, Math.ceil(last / 400));
    for (let x = Math.max(unit.first, Math.min(...runs.map((run) => unit.of(run)[0]))); x <= last; x += step) grid.push(x);
    if (grid[grid.length - 1] !== last) grid.push(last);
    return grid.map((x) => {
      const ys = runs.map((run) => run.y[Math.max(before(unit.of(run), x), 0)]).sort((a, b) => a - b);
      return [x, quantile(ys, 0.25), quantile(ys, 0.5), quantile(ys, 0.75)];
    });
  };
  let cache = arms.map(() => null);
  const bandOf = (a) => (cache[a] ??= shown(a).length ? spread(shown(a)) : []);
  const everyRun = arms.flatMap((arm) => arm.runs.filter((run) => run.x.length));
  const note = document.getElementById("curves");
  if (!everyRun.length) { note.replaceWith("No episode was recorded."); return; }
  const thresholds = arms.map((arm) => arm.threshold).filter((v) => v !== null);
  let low = Math.min(...everyRun.map((run) => Math.min(...run.y)), ...thresholds);
  let high = Math.max(...everyRun.map((run) => Math.max(...run.y)), ...thresholds);
  [low, high] = padded(low, high, 0.05);
  const range = () => {
    const last = Math.max(...everyRun.map(end));
    return [unit.first, last > unit.first ? last : unit.first + 1];
  };
  const windows = new Set(arms.map((arm) => arm.window));
  const label = windows.size === 1 ? `return (mean of ${[...windows][0]})` : "return (moving mean)";
  const top = 8;
  let y = null;
  const chart = new Chart(note, range(), (chart, g) => {
    const bottom = chart.height - 42;
    y = chart.axes(g, top, bottom, [low, high], label, unit.label, false, unit !== units.seconds);
    chart.within(g, top, bottom, () => {
      for (const v of new Set(thresholds)) {
        g.setLineDash([7, 5]);
        line(g, [[chart.left, y(v)], [chart.left + chart.inner, y(v)]], GREY, 1.2);
        g.setLineDash([]);
      }
      // Spreads first: none lies over another arm's line.
      if (!single) arms.forEach((arm, a) => {
        if (hidden.has(a)) return;
        const band = bandOf(a);
        g.globalAlpha = 0.2;
        g.fillStyle = colour(a);
        g.beginPath();
        band.forEach((p) => g.lineTo(chart.x(p[0]), y(p[1])));
        band.slice().reverse().forEach((p) => g.lineTo(chart.x(p[0]), y(p[3])));
        g.fill();
        g.globalAlpha = 1;
      });
      arms.forEach((arm, a) => {
        if (hidden.has(a)) return;
        if (single) {
          for (const run of shown(a)) {
            line(g, unit.of(run).map((x, i) => [chart.x(x), y(run.y[i])]), colour(a), 1);
          }
        }
        if (!single || shown(a).length > 1) {
          line(g, bandOf(a).map((p) => [chart.x(p[0]), y(p[2])]), colour(a), 2.4);
        }
      });
    });
  }, (chart, px, py) => {
    const at = unit === units.seconds ? chart.at(px) : Math.round(chart.at(px));
    let best = null;
    const offer = (name, value, far) => {
      if (best === null || far < best.far) best = { name, value, far };
    };
    arms.forEach((arm, a) => {
      if (hidden.has(a)) return;
      if (single) {
        for (const run of shown(a)) {
          const i = before(unit.of(run), at);
          if (i >= 0 && at <= end(run)) {
            offer(`${arm.name}, seed ${run.seed}`, run.y[i], Math.abs(y(run.y[i]) - py));
          }
        }
      } else {
        const band = bandOf(a);
        const i = before(band.map((p) => p[0]), at);
        if (i >= 0) offer(`${arm.name}, median of ${shown(a).length}`, band[i][2], Math.abs(y(band[i][2]) - py));
      }
    });
    return best && `${best.name}\n${unit.name} ${number(at)}: ${number(best.value)}`;
  });

  const box = (place, text, checked, style, change) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "checkbox";
    input.checked = checked;
    input.addEventListener("change", () => { change(input.checked); cache = arms.map(() => null); chart.paint(); });
    label.append(input);
    if (style) {
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = style;
      label.append(swatch);
    }
    label.append(text);
    document.getElementById(place).append(label);
  };
  const toggle = (set, item) => (on) => { if (on) set.delete(item); else set.add(item); };
  arms.forEach((arm, a) => {
    const solved = arm.threshold === null ? "" : ` (${arm.aggregate?.solved ?? 0}/${arm.runs.length} solved)`;
    box("arms", arm.name + solved, true, colour(a), toggle(hidden, a));
  });
  for (const [name, choice] of Object.entries(units)) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "over", value: name, checked: choice === unit });
    input.addEventListener("change", () => {
      unit = choice;
      cache = arms.map(() => null);
      chart.all = range();
      chart.view = chart.all.slice();
      chart.paint();
    });
    label.append(input, `over ${name}`);
    document.getElementById("over").append(label);
  }
  box("seeds", "single seeds", single, null, (on) => { single = on; });
  const seeds = [...new Set(arms.flatMap((arm) => arm.runs.map((run) => run.seed)))];
  if (seeds.length > 1) for (const seed of seeds) box("seeds", String(seed), true, null, toggle(hiddenSeeds, seed));
  return chart;
}

function episode(canvas) {
  const { panels, spikes, neurons } = arms[Number(canvas.dataset.arm)].sample;
  const total = neurons[0] + neurons[1];
  const ranges = panels.map(([, lines]) => {
    const all = lines.flat();
    const low = Math.min(...all), high = Math.max(...all);
    return padded(low, high, 0.08);
  });
  const whole = panels.map(([, lines]) => lines.flat().every(Number.isInteger));
  const rasterTop = 8 + 90 * panels.length;
  const [excites, inhibits] = [colour(0), colour(1)].map(Marks.pixel);
  return new Chart(canvas, [0, spikes.length], (chart, g) => {
    panels.forEach(([name, lines], k) => {
      const top = 8 + 90 * k, bottom = top + 76;
      const y = chart.axes(g, top, bottom, ranges[k], name, "", whole[k]);
      chart.within(g, top, bottom, () => {
        lines.forEach((values, i) => line(g, values.map((v, t) => [chart.x(t + 0.5), y(v)]), colour(i), 1.5));
      });
    });
    const bottom = chart.height - 42;
    const y = chart.axes(g, rasterTop, bottom, [0, total], "neuron", "time (steps)", true);
    // Marks stand apart where there is room; those that cannot join without a gap.
    const wide = chart.x(1) - chart.x(0), tall = (bottom - rasterTop) / total;
    const half = wide < 4 ? wide / 2 : Math.min(wide * 0.4, 3);
    const up = tall < 4 ? tall / 2 : Math.min(tall * 0.4, 5);
    const from = Math.max(0, Math.floor(chart.view[0]) - 1);
    const to = Math.min(spikes.length, Math.ceil(chart.view[1]) + 1);
    const marks = new Marks(chart.inner, bottom - rasterTop);
    for (let t = from; t < to; t++) {
      const x = chart.x(t + 0.5) - chart.left;
      for (const n of spikes[t]) {
        const middle = y(n + 0.5) - rasterTop;
        marks.mark(x - half, x + half, middle - up, middle + up, n < neurons[0] ? excites : inhibits);
      }
    }
    marks.paint(g, chart.left, rasterTop, chart.inner, bottom - rasterTop);
  }, (chart, px, py) => {
    const t = Math.floor(chart.at(px));
    if (!(t in spikes)) return null;
    const values = panels.map(([name, lines]) => `${name} ${lines.map((l) => number(l[t])).join(", ")}`);
    const bottom = chart.height - 42;
    const n = Math.floor((bottom - py) / (bottom - rasterTop) * total);
    if (py >= rasterTop && n >= 0) values.push(`neuron ${n}${spikes[t].includes(n) ? " spikes" : ""}`);
    return [`step ${t}: ${spikes[t].length} spikes`, ...values].join("\n");
  });
}

window.sornCharts = [curves(), ...[...document.querySelectorAll("canvas.episode")].map(episode)];
