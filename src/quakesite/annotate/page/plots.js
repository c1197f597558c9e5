// Three components and a spectrogram on one time axis, drawn by BokehJS.

const COMPONENTS = ["E", "N", "Z"];
const INK = "#2b3a45";
const COLOUR = {
  pick: { P: "#0a63b8", S: "#c2410c" },
  suggestion: { P: "#0a63b8", S: "#c2410c" },
  theory: { P: "#4b6f8c", S: "#8d6248" },
  rival: { P: "#0a63b8", S: "#c2410c" },
};
const HINTS = {
  suggestion: { line: { line_width: 1.2, line_dash: { value: [6, 3] }, line_alpha: 0.8 }, style: "normal" },
  theory: { line: { line_width: 1.6, line_dash: { value: [1.5, 4] }, line_alpha: 0.9 }, style: "italic" },
  rival: { line: { line_width: 1, line_dash: { value: [2, 5] }, line_alpha: 0.4 }, style: "normal", faint: 0.55 },
};
const FONT = "system-ui, sans-serif";
const LEFT = 62;
const RIGHT = 14;
const LABEL_ROW = 15;
const HIGHEST_SHOWN_HZ = 40;
const LETTER = 6.2; // about as wide as a letter of a label, in pixels
const SHORTEST_VIEW_S = 0.1;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const STEPS_PER_WHEEL_TURN = 1 / 600;

export class Plots {
  #scheduled = false;
  #gain = 1;
  #pixels = 1000;
  #pointer = null;
  #hints = [];

  /** `picked(time)` hears of a click, `moved(phase, time, ended)` of a line that is dragged. */
  constructor(picked, moved) {
    this.picked = picked;
    this.moved = moved;
    this.samples = null;
    this.rate = 100;
    this.duration = 1;
  }

  /** Draws into `box`; `rows` is how many lines of labels the strip above the components has room for. */
  async build(box, rows) {
    const { Plotting, Range1d, Span, CrosshairTool, PanTool, WheelZoomTool } = Bokeh;
    // A click is a click and a drag is a drag however long the button is held before, also where the browser is busy,
    // and a click soon after another one is not half of a double one.
    Object.assign(Bokeh.require("core/ui_gestures").UIGestures, { press_threshold: LONGEST_TIMER_MS, doubletap_threshold: 0 });
    this.box = box;
    this.range = new Range1d({ start: 0, end: 1 });
    const crosshair = new Span({ dimension: "height", line_color: "#8795a1", line_width: 1, line_alpha: 0.7 });
    this.lines = { P: line("P"), S: line("S") };
    this.figures = ["labels", ...COMPONENTS, "spectrogram"].map((name) => {
      const last = name === "spectrogram";
      const figure = new Plotting.figure({
        x_range: this.range, y_range: new Range1d({ start: -1, end: 1 }), tools: [], toolbar_location: null,
        sizing_mode: "stretch_both", min_border_left: LEFT, min_border_right: RIGHT, min_border_top: 1,
        min_border_bottom: last ? 36 : 1, ...(name === "labels" ? { min_border_top: 4, min_border_bottom: 0 } : {}), outline_line_color: null, lod_threshold: null, output_backend: "canvas", stylesheets: [":host(:focus) { outline: none; }"],
      });
      const pan = new PanTool({ dimensions: "width" });
      const wheel = new WheelZoomTool({ dimensions: "width", speed: STEPS_PER_WHEEL_TURN });
      figure.add_tools(pan, wheel, new CrosshairTool({ overlay: crosshair }));
      figure.toolbar.active_scroll = wheel;
      figure.toolbar.active_drag = pan;
      style(figure, name);
      figure.on_event("tap", (event) => this.#inRecord(event.x) && this.picked(event.x));
      figure.on_event("mousemove", (event) => { this.#pointer = event.x; });
      figure.on_event("mouseleave", () => { this.#pointer = null; });
      return figure;
    });
    [this.labels, , , , this.spectrum] = this.figures;
    this.traces = this.figures.slice(1, 4);
    this.sources = COMPONENTS.map((name, place) => {
      const figure = this.traces[place];
      const glyph = figure.line([], [], { line_color: INK, line_width: 1, line_join: "round" });
      figure.left[0].axis_label = `${name}  cm/s²`;
      return glyph.data_source;
    });
    this.spectrum.left[0].axis_label = "Hz";
    this.spectrum.below[0].axis_label = "s from the first sample";
    this.image = this.spectrum.image_url([""], 0, 0, 1, 1, { anchor: "bottom_left" });
    this.image.visible = false;
    for (const [phase, span] of Object.entries(this.lines)) {
      for (const figure of this.figures) figure.add_layout(span);
      span.properties.location.change.connect(() => this.#dragged(phase, false));
      span.pan.connect(([step]) => {
        if (step === "pan:start") this.dragging = phase;
        if (step === "pan:end") this.#dragged(phase, true);
      });
    }
    this.flags = { P: flag("P"), S: flag("S") };
    for (const label of Object.values(this.flags)) this.labels.add_layout(label);
    this.hints = Object.fromEntries(Object.entries(HINTS).map(([kind, how]) => [kind, this.#hintSource(how)]));
    const grid = new Bokeh.GridBox({
      children: this.figures.map((figure, place) => [figure, place, 0]), sizing_mode: "stretch_both", spacing: 0,
      rows: [{ size: `${LABEL_ROW * rows + 8}px` }, ...["minmax(0, 3fr)", "minmax(0, 3fr)", "minmax(0, 3fr)", "minmax(118px, 3.2fr)"].map((size) => ({ size }))],
    });
    await Plotting.show(grid, box);
    for (const side of ["start", "end"]) this.range.properties[side].change.connect(() => this.#schedule());
    new ResizeObserver(([entry]) => {
      this.#pixels = Math.max(200, entry.contentRect.width - LEFT - RIGHT);
      this.#schedule();
    }).observe(box);
  }

  /** Where the pointer is, in seconds, or null where it is not over the record. */
  get pointer() {
    return this.#pointer;
  }

  get view() {
    return [this.range.start, this.range.end];
  }

  get middle() {
    return (this.range.start + this.range.end) / 2;
  }

  /** Shows samples: a Float32Array of E, then N, then Z. Keeps the view, unless the record is another one. */
  setSamples(samples, rate) {
    const n = samples.length / 3;
    this.samples = COMPONENTS.map((_, place) => samples.subarray(place * n, (place + 1) * n));
    this.rate = rate;
    this.duration = Math.max((n - 1) / rate, 1 / rate);
    this.range.bounds = [-0.02 * this.duration, 1.02 * this.duration];
    this.#schedule();
  }

  clear() {
    this.samples = null;
    this.#gain = 1;
    this.image.visible = false;
    this.setHints([]);
    this.#schedule();
  }

  /** Shows the time from `start` to `end`, kept within the record. */
  look(start, end) {
    const [low, high] = [-0.01 * this.duration, 1.01 * this.duration];
    const width = Math.min(Math.max(end - start, SHORTEST_VIEW_S), high - low);
    const from = Math.min(Math.max((start + end - width) / 2, low), high - width);
    this.range.setv({ start: from, end: from + width });
  }

  whole() {
    this.look(-Infinity, Infinity);
    this.range.setv({ start: -0.01 * this.duration, end: 1.01 * this.duration });
  }

  zoom(factor) {
    const centre = this.#pointer ?? this.middle;
    const [start, end] = this.view;
    this.look(centre - (centre - start) * factor, centre + (end - centre) * factor);
  }

  pan(share) {
    const by = (this.range.end - this.range.start) * share;
    this.look(this.range.start + by, this.range.end + by);
  }

  amplify(factor) {
    this.#gain = Math.min(Math.max(this.#gain * factor, 0.1), 1000);
    this.#schedule();
  }

  /** Shows the annotator's picks; `chosen` is the phase that clicks and keys are meant for. */
  setPicks(picks, chosen) {
    this.setting = true;
    for (const phase of ["P", "S"]) {
      const time = picks[phase]?.time_s ?? null;
      const [span, label] = [this.lines[phase], this.flags[phase]];
      span.setv({ visible: time != null, location: time ?? 0, line_width: phase === chosen ? 2.5 : 1.5 });
      label.setv({ visible: time != null, x: time ?? 0 });
    }
    this.setting = false;
  }

  /** Shows suggestions and theoretical arrivals: {phase, time_s, text, kind: "suggestion" or "theory", row},
   * `row` counted from the lowest line of labels. */
  setHints(hints) {
    this.#hints = hints;
    this.#drawHints();
  }

  #drawHints() {
    const [start, end] = this.view;
    // P to the left and S to the right of their lines, so that they do not meet; inwards where they would be cut off.
    const toTheLeft = ({ phase, time_s, text }) => {
      const [before, behind] = [time_s - start, end - time_s].map((time) => (time / (end - start)) * this.#pixels);
      return phase === "P" ? before + LEFT / 2 > LETTER * text.length : behind < LETTER * text.length;
    };
    for (const [kind, source] of Object.entries(this.hints)) {
      const shown = this.#hints.filter((hint) => hint.kind === kind);
      source.data = {
        x: shown.map((hint) => hint.time_s),
        y: shown.map((hint) => LABEL_ROW * hint.row),
        text: shown.map((hint) => hint.text),
        colour: shown.map((hint) => COLOUR[kind][hint.phase]),
        align: shown.map((hint) => (toTheLeft(hint) ? "right" : "left")),
        offset: shown.map((hint) => (toTheLeft(hint) ? -4 : 4)),
      };
    }
  }

  setSpectrogram(url, { start, step, columns, rows, top }) {
    const y = this.spectrum.y_range;
    const height = top / (rows - 1);
    this.image.data_source.data = { url: [url] };
    Object.assign(this.image.glyph, {
      x: { value: start - step / 2 }, y: { value: -height / 2 }, w: { value: columns * step }, h: { value: rows * height },
    });
    y.setv({ start: 0, end: Math.min(top, HIGHEST_SHOWN_HZ) });
    this.image.visible = true;
  }

  #hintSource({ line: lineStyle, style: font, faint = 1 }) {
    const source = new Bokeh.ColumnDataSource({ data: { x: [], y: [], text: [], colour: [], align: [], offset: [] } });
    for (const figure of this.figures) {
      const level = figure === this.spectrum ? "overlay" : "underlay";
      figure.vspan({ field: "x" }, { line_color: { field: "colour" }, ...lineStyle, source, level });
    }
    this.labels.add_layout(new Bokeh.LabelSet({
      x: { field: "x" }, y: { field: "y" }, y_units: "screen", x_offset: { field: "offset" }, text: { field: "text" },
      source, text_align: { field: "align" }, text_color: { field: "colour" }, text_alpha: { value: faint }, text_font_size: "11px", text_font: FONT,
      text_font_style: font, text_baseline: "bottom", background_fill_color: "#fff", background_fill_alpha: 0.9,
    }));
    return source;
  }

  #inRecord(time) {
    return time >= 0 && time <= this.duration;
  }

  #dragged(phase, ended) {
    if (this.setting || this.dragging !== phase) return;
    if (ended) this.dragging = null;
    const time = Math.min(Math.max(this.lines[phase].location, 0), this.duration);
    this.flags[phase].x = time;
    this.moved(phase, time, ended);
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #draw() {
    this.#drawHints();
    COMPONENTS.forEach((_, place) => {
      const values = this.samples?.[place];
      if (!values) {
        this.sources[place].data = { x: [], y: [] };
        return;
      }
      const [x, y, peak] = envelope(values, this.rate, this.range.start, this.range.end, this.#pixels);
      this.sources[place].data = { x, y };
      const half = (1.12 * (peak || 1)) / this.#gain;
      this.traces[place].y_range.setv({ start: -half, end: half });
    });
  }
}

function line(phase) {
  return new Bokeh.Span({
    dimension: "height", location: 0, visible: false, editable: true, line_color: COLOUR.pick[phase], line_width: 2,
    hover_line_color: COLOUR.pick[phase], hover_line_width: 5, hover_line_alpha: 0.35, level: "overlay",
  });
}

function flag(phase) {
  return new Bokeh.Label({
    x: 0, y: 0, y_units: "screen", visible: false, text: phase, text_color: "#fff", text_font_style: "bold",
    text_font_size: "12px", background_fill_color: COLOUR.pick[phase], padding: 3, border_radius: 3, text_align: "center",
    text_baseline: "bottom", text_font: FONT, level: "overlay",
  });
}

function style(figure, name) {
  const soft = { axis_line_color: null, major_tick_line_color: "#c6d0d7", minor_tick_line_color: null, major_label_text_color: "#5c6b77", major_label_text_font_size: "11px", axis_label_text_font_style: "bold", axis_label_text_font_size: "12px", axis_label_text_color: INK, axis_label_standoff: 4 };
  Object.assign(figure.below[0], soft, { visible: name === "spectrogram", axis_label_text_font_style: "normal" });
  Object.assign(figure.left[0], soft);
  figure.left[0].ticker.desired_num_ticks = name === "spectrogram" ? 2 : 3;
  figure.left[0].ticker.num_minor_ticks = 0;
  for (const grid of [...figure.xgrids, ...figure.ygrids]) {
    grid.grid_line_color = name === "labels" ? null : "#edf1f3";
    grid.level = "image"; // under suggestions and theory
  }
  if (name === "labels") figure.left[0].visible = false;
}

/** Returns times, values and the largest absolute value of what is in view: all samples where there is room for
 * them, else the least and the greatest of each column of pixels, so that no peak is lost. */
export function envelope(values, rate, start, end, pixels) {
  const first = Math.max(0, Math.floor(start * rate) - 1);
  const last = Math.min(values.length, Math.ceil(end * rate) + 2);
  const n = Math.max(0, last - first);
  const per = Math.ceil(n / (2 * pixels));
  let peak = 0;
  if (per <= 2) {
    const x = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      x[i] = (first + i) / rate;
      peak = Math.max(peak, Math.abs(values[first + i]));
    }
    return [x, values.slice(first, last), peak];
  }
  const columns = Math.ceil(n / (2 * per));
  const x = new Float64Array(2 * columns);
  const y = new Float32Array(2 * columns);
  for (let column = 0; column < columns; column++) {
    const from = first + 2 * per * column;
    const to = Math.min(from + 2 * per, last);
    let [low, high] = [from, from];
    for (let i = from + 1; i < to; i++) {
      if (values[i] < values[low]) low = i;
      if (values[i] > values[high]) high = i;
    }
    const pair = [Math.min(low, high), Math.max(low, high)];
    for (const place of [0, 1]) {
      x[2 * column + place] = pair[place] / rate;
      y[2 * column + place] = values[pair[place]];
    }
    peak = Math.max(peak, Math.abs(values[low]), Math.abs(values[high]));
  }
  return [x, y, peak];
}
