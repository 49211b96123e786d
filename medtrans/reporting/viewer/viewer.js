"use strict";
// Viewer of the volumes of one case. NiiVue and the volumes are compressed in the page and decompressed on request.
(() => {
  const ROWS = {
    source: ["Source", "gray"], target: ["Target", "gray"], translated: ["Translated", "gray"],
    difference: ["Difference", "signed"], mask: ["Body mask", "mask"],
    target_structures: ["Structures in the target", "gray"], translated_structures: ["Structures in the translation", "gray"],
  };
  const SHOWN = ["source", "target", "translated"];
  // In a comparison the translations are "translated: A", "translated: B" …
  const system = (layer) => (layer.role.startsWith("translated: ") ? layer.role.slice(12) : "");
  const rowOf = (layer) => layer.map ? [layer.map, "hot"] : (system(layer) ? [`Translated: ${system(layer)}`, "gray"] : ROWS[layer.role]);
  const isMade = (layer) => layer.role === "translated" || system(layer) !== "";
  const SIGNED = { R: [116, 31, 0, 220, 255], G: [198, 127, 0, 100, 184], B: [255, 214, 0, 0, 74],
    A: [255, 230, 0, 230, 255], I: [0, 64, 128, 192, 255] };
  const MASK = { R: [0, 176], G: [0, 18], B: [0, 123], A: [0, 255], I: [0, 255] };
  const LABEL = 1002;  // the NIfTI intent of label maps: drawn without interpolation
  const NAN_STEP = -32768, HEADER = 352;
  const node = (name, words = "", facts = {}) => Object.assign(document.createElement(name), { textContent: words }, facts);
  const plain = (value, step) => value.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))).replace("-", "−");
  let nv = null, panel = null, opened = null;

  async function unpacked(base64) {
    const bytes = Uint8Array.from(atob(base64.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  async function started(canvas) {
    if (!window.niivue) {
      const code = await unpacked(document.getElementById("packed-niivue").textContent);
      document.head.append(node("script", new TextDecoder().decode(code)));
    }
    const made = new window.niivue.Niivue({
      backColor: [0, 0, 0, 1], crosshairColor: [1, 0.76, 0.29, 0.9], crosshairWidth: 0.3, crosshairWidthUnit: "percent",
      isRadiologicalConvention: true, sagittalNoseLeft: true, isColorbar: false, loadingText: "", logLevel: "error",
      multiplanarShowRender: 0, sliceType: 3, tileMargin: 4, dragMode: 3, dragAndDropEnabled: false,
      scrollRequiresFocus: true, fontColor: [0.93, 0.93, 0.93, 1], fontMinPx: 16, showAllOrientationMarkers: true,
      clipPlaneHotKey: "", cycleClipPlaneHotKey: "",
    });
    await made.attachToCanvas(canvas);
    made.addColormap("signed", SIGNED);
    made.addColormap("mask", MASK);
    return made;
  }

  // Difference of both volumes in integer steps; nan where either is nan.
  function difference(translated, target) {
    const made = translated.slice(0);
    const [out, true_] = [new Int16Array(made, HEADER), new Int16Array(target, HEADER)];
    for (let n = 0; n < out.length; n++) {
      out[n] = out[n] === NAN_STEP || true_[n] === NAN_STEP ? NAN_STEP : out[n] - true_[n];
    }
    return made;
  }

  async function layersOf(number) {
    const { layers } = JSON.parse(document.getElementById(`volumes-${number}`).textContent);
    const held = {};
    for (const layer of layers) {
      layer.buffer = layer.data ? await unpacked(layer.data) : difference(held.translated, held.target);
      held[layer.role] = layer.buffer;
      layer.values = new Int16Array(layer.buffer, HEADER);
      layer.shape = [...new Int16Array(layer.buffer, 42, 3)];
      layer.sides = [...new Float32Array(layer.buffer, 80, 3)].map((side, axis) => side * layer.shape[axis]);
      layer.opacity = layer.classes ? 0.5 : layer.map ? 0.7 : { mask: 0.35, difference: 0.9 }[layer.role] ?? 1;
      layer.on = SHOWN.includes(layer.role) || isMade(layer);
    }
    return layers;
  }

  async function volumeOf(layer) {
    const { NVImage } = window.niivue;
    const name = `${layer.role}.nii`;
    const image = await NVImage.loadFromUrl({ url: name, buffer: layer.buffer, name, colormap: rowOf(layer)[1], ...ends(layer, 0) });
    if (layer.classes) {
      image.hdr.intent_code = LABEL;
      image.setColormapLabel(colours(layer.classes.length));
    }
    return image;
  }

  // A colour for each class; hues differ by the golden angle. The background is transparent.
  function colours(count) {
    const table = { R: [0], G: [0], B: [0], A: [0], I: [0] };
    for (let n = 1; n <= count; n++) {
      const hue = (n * 137.508) % 360;
      const part = (shift) => {
        const k = (shift + hue / 30) % 12;
        return Math.round(255 * (0.55 - 0.45 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
      };
      [table.R[n], table.G[n], table.B[n], table.A[n], table.I[n]] = [part(0), part(8), part(4), 255, n];
    }
    return table;
  }

  function ends(layer, choice) {
    const [low, high] = layer.windows[Math.min(choice, layer.windows.length - 1)];
    return { cal_min: low / layer.step, cal_max: high / layer.step };
  }

  function paint() {
    opened.layers.forEach((layer, n) => { nv.volumes[n].opacity = layer.on ? layer.opacity : 0; });
    nv.updateGLVolume();
    const made = opened.layers.filter((layer) => isMade(layer) || ["difference", "translated_structures"].includes(layer.role));
    panel.querySelector(".synthetic").hidden = !made.some((layer) => layer.on && layer.opacity > 0);
  }

  function choose(choice) {
    opened.layers.forEach((layer, n) => Object.assign(nv.volumes[n], ends(layer, choice)));
    nv.updateGLVolume();
  }

  function showValues({ vox, mm }) {
    const [i, j, k] = vox.map(Math.round);
    for (const layer of opened.layers) {
      const [across, deep] = layer.shape;
      const value = layer.values[i + across * (j + deep * k)];
      const words = value === undefined || value === NAN_STEP ? "nan" : plain(value * layer.step, layer.step);
      if (layer.classes) layer.cell.textContent = layer.classes[value - 1] ?? "none";
      else layer.cell.textContent = layer.role === "mask" ? (value ? "inside" : "outside") : `${words} ${layer.unit}`;
    }
    const place = [["R", "L"], ["A", "P"], ["S", "I"]].map(([more, less], axis) =>
      `${Math.abs(mm[axis]).toFixed(1)} ${mm[axis] < 0 ? less : more}`);
    panel.querySelector(".place").textContent = `Crosshair at ${place.join("  ")} mm`;
  }

  function row(layer) {
    const line = node("tr"), head = node("th", "", { scope: "row" }), label = node("label");
    const box = node("input", "", { type: "checkbox", checked: layer.on });
    const slider = node("input", "", { type: "range", min: 0, max: 1, step: 0.05, value: layer.opacity });
    slider.setAttribute("aria-label", `Opacity of ${rowOf(layer)[0].toLowerCase()}`);
    box.addEventListener("change", () => { layer.on = box.checked; paint(); });
    slider.addEventListener("input", () => { layer.opacity = Number(slider.value); layer.on = box.checked = true; paint(); });
    label.append(box, ` ${rowOf(layer)[0]}`);
    if (isMade(layer)) label.append(node("span", "synthetic", { className: "tag" }));
    head.append(label);
    layer.cell = node("td", "", { className: "number" });
    layer.cell.dataset.value = layer.role;
    const fade = node("td");
    fade.append(slider);
    line.append(head, fade, layer.cell);
    return line;
  }

  // Three slices side by side on a wide screen, else two above one; the height follows from the aspect ratio.
  function fit() {
    const screen = panel.querySelector(".screen"), wide = screen.clientWidth > 600;
    const [x, y, z] = opened.layers[0].sides;
    screen.style.aspectRatio = wide ? `${2 * x + y} / ${Math.max(y, z)}` : `${x + y} / ${y + z}`;
    nv.opts.multiplanarLayout = wide ? 3 : 2;
    nv.resizeListener();
  }

  function windowsOf(layers) {
    const choice = panel.querySelector(".windows");
    const { names } = layers.find(isMade);
    choice.hidden = names.length < 2;
    choice.replaceChildren(...names.map((words, n) => {
      const label = node("label"), pick = node("input", "", { type: "radio", name: "viewer-window", checked: n === 0 });
      pick.addEventListener("change", () => choose(n));
      label.append(pick, ` ${words}`);
      return label;
    }));
  }

  async function open(number, button) {
    close();
    button.disabled = true;
    const status = button.nextElementSibling;
    status.textContent = "Loading …";
    await new Promise((done) => setTimeout(done, 30));
    try {
      panel ??= document.getElementById("viewer").content.firstElementChild.cloneNode(true);
      button.parentElement.append(panel);
      const canvas = panel.querySelector("canvas");
      nv ??= await started(canvas);
      const layers = await layersOf(number);
      panel.querySelector("tbody").replaceChildren(...layers.map(row).reverse());
      opened = { layers, button };
      windowsOf(layers);
      nv.onLocationChange = showValues;
      nv.volumes = [];
      for (const layer of layers) nv.addVolume(await volumeOf(layer));
      paint();
      fit();
      nv.scene.crosshairPos = [0.5, 0.5, 0.5];
      nv.moveCrosshairInVox(0, 0, 0);
      nv.createOnLocationChange();
      button.setAttribute("aria-expanded", "true");
      button.textContent = "Close the volume viewer";
      status.textContent = "";
      canvas.focus({ preventScroll: true });
    } catch (reason) {
      panel?.remove();
      status.textContent = `The viewer cannot start in this browser (${reason.message}). Use the images above.`;
    }
    button.disabled = false;
  }

  function close() {
    if (!opened) return;
    panel.remove();
    opened.button.setAttribute("aria-expanded", "false");
    opened.button.textContent = "Open the volume viewer";
    opened = null;
  }

  // A row of a table moves the crosshair to its place in mm, and opens the viewer of its case where it is closed.
  async function show({ dataset }) {
    const button = document.querySelector(`button.open-viewer[data-case="${dataset.case}"]`);
    if (opened?.button !== button) await open(dataset.case, button);
    if (!opened) return;
    const lines = [...panel.querySelectorAll("tbody tr")].reverse();
    opened.layers.forEach((layer, n) => {
      if (!layer.classes) return;
      layer.on = true;
      lines[n].querySelector("input[type=checkbox]").checked = true;
    });
    nv.scene.crosshairPos = nv.mm2frac(dataset.place.split(",").map(Number));
    paint();
    nv.createOnLocationChange();
    panel.scrollIntoView({ block: "center" });
    panel.querySelector("canvas").focus({ preventScroll: true });
  }

  // Target and translations take turns in one place, so that the eye sees what differs; without a target, the source.
  function blink() {
    const other = opened.layers.some((layer) => layer.role === "target") ? "target" : "source";
    const turns = opened.layers.filter((layer) => layer.role === other || isMade(layer));
    const top = turns.findLastIndex((layer) => layer.on && layer.opacity > 0);
    const next = turns[(top + 1) % turns.length];
    const boxes = [...panel.querySelectorAll("tbody tr")].reverse().map((line) => line.querySelector("input[type=checkbox]"));
    opened.layers.forEach((layer, n) => {
      layer.on = boxes[n].checked = layer === next || (layer.on && layer.role === "mask");
    });
    paint();
  }

  const MOVES = { ArrowLeft: [1, 0, 0], ArrowRight: [-1, 0, 0], ArrowUp: [0, 1, 0], ArrowDown: [0, -1, 0],
    PageUp: [0, 0, 1], PageDown: [0, 0, -1] };
  window.addEventListener("resize", () => opened && fit());
  document.addEventListener("keydown", (event) => {
    if (!opened || event.target !== panel.querySelector("canvas")) return;
    event.stopPropagation();
    if (event.key === "b") blink();
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    nv.moveCrosshairInVox(...MOVES[event.key]);
  }, true);

  const able = Boolean(document.createElement("canvas").getContext("webgl2")) && "DecompressionStream" in window;
  for (const button of document.querySelectorAll("button.open-viewer")) {
    button.hidden = !able;
    if (!able) button.nextElementSibling.textContent = "The volume viewer needs WebGL 2, which this browser does not have.";
    button.addEventListener("click", () => (opened?.button === button ? close() : open(button.dataset.case, button)));
  }
  for (const button of document.querySelectorAll("button.show-place")) {
    button.hidden = !able;
    button.addEventListener("click", () => show(button));
  }
})();
