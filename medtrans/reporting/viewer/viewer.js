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
  const PLANES = { axial: [0, 0, 1], coronal: [1, 0, 2], sagittal: [2, 1, 2] };  // NiiVue's number, axes across and up
  const MULTIPLANAR = 3;  // NiiVue's number of three planes at once
  const MAX_PANES = 8;  // a browser gives a page few contexts of WebGL
  const pool = [];
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
      multiplanarShowRender: 0, sliceType: MULTIPLANAR, tileMargin: 4, dragMode: 3, dragAndDropEnabled: false,
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
    opened.choice = choice;
    opened.layers.forEach((layer, n) => Object.assign(nv.volumes[n], ends(layer, choice)));
    nv.updateGLVolume();
    for (const pane of opened.panes) {
      Object.assign(pane.nv.volumes[0], ends(pane.layer, choice));
      pane.nv.updateGLVolume();
    }
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
    for (const pane of opened.panes) pane.value.textContent = pane.layer.cell.textContent;
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
  // A volume of one slice has its one plane.
  function fit() {
    if (opened.beside) return fitPanes();
    const screen = panel.querySelector(".screen"), wide = screen.clientWidth > 600;
    const flat = flatPlane(opened.layers[0]);
    nv.setSliceType(flat ? PLANES[flat][0] : MULTIPLANAR);
    if (flat) {
      screen.style.aspectRatio = aspect(flat);
      return nv.resizeListener();
    }
    const [x, y, z] = opened.layers[0].sides;
    screen.style.aspectRatio = wide ? `${2 * x + y} / ${Math.max(y, z)}` : `${x + y} / ${y + z}`;
    nv.opts.multiplanarLayout = wide ? 3 : 2;
    nv.resizeListener();
  }

  // Side by side: source, translations and target, each in its own pane, at one place, in one plane, with one zoom.
  function newPane() {
    const figure = node("figure"), screen = node("div", "", { className: "screen" });
    const canvas = node("canvas", "", { tabIndex: 0 });
    const pane = { figure, screen, canvas, name: node("span"), value: node("span", "", { className: "number" }) };
    pane.mark = node("strong", "SYNTHETIC", { className: "synthetic" });
    const caption = node("figcaption");
    caption.append(pane.name, pane.value);
    screen.append(canvas, pane.mark);
    figure.append(screen, caption);
    for (const kind of ["mousemove", "mouseup", "wheel", "touchmove", "touchend"]) {
      canvas.addEventListener(kind, () => requestAnimationFrame(() => follow(pane)), { passive: true });
    }
    return pane;
  }

  // The other panes, and the view of three planes, go to the place of this one.
  function follow(pane) {
    if (!opened?.beside) return;
    const { crosshairPos, pan2Dxyzmm } = pane.nv.scene;
    for (const other of opened.panes) {
      if (other === pane) continue;
      other.nv.scene.crosshairPos = [...crosshairPos];
      other.nv.scene.pan2Dxyzmm = [...pan2Dxyzmm];
      other.nv.drawScene();
    }
    nv.scene.crosshairPos = [...crosshairPos];
  }

  async function fillPanes() {
    const layers = ["source", "translated", "target"].flatMap((role) => opened.layers.filter((layer) =>
      layer.role === role || (role === "translated" && system(layer)))).slice(0, MAX_PANES);
    for (const [n, layer] of layers.entries()) {
      const pane = pool[n] ??= newPane();
      panel.querySelector(".panes").append(pane.figure);
      pane.layer = layer;
      pane.name.textContent = rowOf(layer)[0];
      pane.mark.hidden = !isMade(layer);
      pane.canvas.setAttribute("aria-label", `${rowOf(layer)[0]}: one slice; the others follow. Arrow keys, page up and page down move the crosshair.`);
      pane.nv ??= await started(pane.canvas);
      pane.nv.volumes = [];
      pane.nv.addVolume(await volumeOf(layer));
      pane.nv.onLocationChange = (where) => { if (opened?.beside) { follow(pane); showValues(where); } };
      opened.panes.push(pane);
    }
    if (opened.choice) choose(opened.choice);
  }

  function aspect(plane) {
    const [, across, up] = PLANES[plane], { sides } = opened.layers[0];
    return Math.min(2, Math.max(0.6, sides[across] / sides[up]));
  }

  function fitPanes() {
    for (const pane of opened.panes) {
      pane.screen.style.aspectRatio = aspect(opened.plane);
      pane.nv.setSliceType(PLANES[opened.plane][0]);
      pane.nv.resizeListener();
    }
  }

  // The plane of a volume of one slice.
  const flatPlane = (layer) => ["sagittal", "coronal", "axial"][layer.shape.findIndex((side) => side === 1)];

  function planesOf(layer) {
    const flat = flatPlane(layer);
    opened.plane = flat ?? "axial";
    const choice = panel.querySelector(".planes");
    choice.replaceChildren(...Object.keys(PLANES).map((plane) => {
      const label = node("label"), pick = node("input", "", { type: "radio", name: "viewer-plane", checked: plane === opened.plane });
      pick.addEventListener("change", () => { opened.plane = plane; fitPanes(); });
      label.append(pick, ` ${plane}`);
      return label;
    }));
    return !flat;
  }

  async function beside(on) {
    const grid = panel.querySelector(".panes"), main = panel.querySelector(".screen");
    const now = opened;
    opened.beside = on;
    panel.querySelector(".beside-toggle").setAttribute("aria-pressed", on);
    for (const input of panel.querySelectorAll("tbody input")) input.disabled = on;  // each pane shows one layer
    main.classList.toggle("away", on);  // out of sight, not without a size, of which WebGL would complain
    grid.classList.toggle("away", !on);
    if (on && !opened.panes.length) {
      panel.querySelector(".planes").dataset.solid = planesOf(opened.layers[0]);
      await fillPanes();
      if (opened !== now || !opened.beside) return;
    }
    panel.querySelector(".planes").hidden = !on || panel.querySelector(".planes").dataset.solid === "false";
    fit();
    if (on) {
      for (const pane of opened.panes) pane.nv.scene.crosshairPos = [...nv.scene.crosshairPos];
      for (const pane of opened.panes) pane.nv.drawScene();
      opened.panes[0].nv.createOnLocationChange();
      opened.panes[0].canvas.focus({ preventScroll: true });
    } else {
      nv.drawScene();
      nv.createOnLocationChange();
      main.querySelector("canvas").focus({ preventScroll: true });
    }
  }

  function zoom(pane, factor) {
    const [x, y, z, scale] = pane.nv.scene.pan2Dxyzmm;
    const next = Math.min(10, Math.max(1, scale * factor));
    const middle = pane.nv.frac2mm(pane.nv.scene.crosshairPos), centre = pane.nv.frac2mm([0.5, 0.5, 0.5]);
    const to = [0, 1, 2].map((axis) => (next === 1 ? 0 : centre[axis] - next * middle[axis]));  // NiiVue moves, then scales
    pane.nv.scene.pan2Dxyzmm = factor ? [...to, next] : [0, 0, 0, 1];
    pane.nv.drawScene();
    follow(pane);
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

  function made() {
    const copy = document.getElementById("viewer").content.firstElementChild.cloneNode(true);
    copy.querySelector(".beside-toggle").addEventListener("click", () => beside(!opened.beside));
    return copy;
  }

  async function open(number, button) {
    close();
    button.disabled = true;
    const status = button.nextElementSibling;
    status.textContent = "Loading …";
    await new Promise((done) => setTimeout(done, 30));
    try {
      panel ??= made();
      button.parentElement.append(panel);
      const canvas = panel.querySelector("canvas");
      nv ??= await started(canvas);
      const layers = await layersOf(number);
      panel.querySelector("tbody").replaceChildren(...layers.map(row).reverse());
      opened = { layers, button, panes: [], beside: false, choice: 0, plane: "axial" };
      panel.querySelector(".panes").replaceChildren();
      panel.querySelector(".panes").classList.add("away");
      panel.querySelector(".screen").classList.remove("away");
      panel.querySelector(".planes").hidden = true;
      panel.querySelector(".beside-toggle").setAttribute("aria-pressed", false);
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
    if (opened.beside) await beside(false);
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
  const ZOOMS = { "+": 1.25, "=": 1.25, "-": 0.8, 0: 0 };
  window.addEventListener("resize", () => opened && fit());
  document.addEventListener("keydown", (event) => {
    if (!opened || event.target.tagName !== "CANVAS" || !panel.contains(event.target)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    const pane = opened.panes.find((one) => one.canvas === event.target);
    if (event.key === "b") (opened.beside ? beside(false) : Promise.resolve()).then(blink);
    if (event.key === "s") beside(!opened.beside);
    if (pane && event.key in ZOOMS) zoom(pane, ZOOMS[event.key]);
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    (pane?.nv ?? nv).moveCrosshairInVox(...MOVES[event.key]);
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
