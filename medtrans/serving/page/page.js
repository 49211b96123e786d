"use strict";
// The local page: send one volume, follow its translation, show and fetch what came out.
(() => {
  const id = (name) => document.getElementById(name);
  const WORDS = { volume: "Translation", dicom: "DICOM series, zip", uncertainty: "Standard deviation", sidecar: "Sidecar" };
  const SEVERITY = { refuse: ["Refused", "bad"], warn: ["Warning", "open"], note: ["Note", "note"] };
  const STAGES = { viewer: "preparing slices and viewer" };
  const ASKED = id("chosen").textContent;
  let about = {}, limit = Infinity, keep = "", shown = "", chosen = null;

  const show = (element, words) => { element.textContent = words; element.hidden = !words; };
  const node = (name, facts, ...inside) => {
    const made = Object.assign(document.createElement(name), facts);
    made.append(...inside);
    return made;
  };

  async function ask(path, options) {
    const answer = await fetch(path, options);
    const facts = await answer.json();
    if (!answer.ok) throw new Error(facts.error ?? facts.detail ?? answer.statusText);
    return facts;
  }

  function draw(job) {
    const running = job.state === "running";
    id("translate").disabled = running || !chosen;
    id("stop").hidden = !running;
    id("forget").hidden = running || job.state === "idle";
    id("progress").hidden = !running;
    if (job.done > 0) id("bar").value = job.done;
    else id("bar").removeAttribute("value");
    id("stage").textContent = `${job.name}: ${STAGES[job.text] ?? job.text}${job.done > 0 ? ` ${Math.round(100 * job.done)} %` : ""}`;
    if (job.state !== "idle") show(id("error"), running ? "" : job.error);
    show(id("ready"), job.state === "done" ? `${job.name} is translated by ${job.model} in ${Math.round(job.seconds)} s. Look at it below before it is used; ${keep ? "it is kept" : "fetch it now, it is not kept"}.` : "");
    id("findings").replaceChildren(...job.findings.map((one) => {
      const [label, state] = SEVERITY[one.severity];
      return node("li", { className: state }, node("b", { textContent: label }), ` ${one.text}`);
    }));
    id("files").replaceChildren(...Object.entries(job.files ?? {}).filter(([kind]) => kind in WORDS).map(([kind, name]) =>
      node("a", { href: `files/${kind}`, download: "" }, WORDS[kind], node("small", { textContent: kind === "dicom" ? `${name}.zip` : name }))));
    const page = job.files?.page ? `files/page?of=${encodeURIComponent(job.name)}` : "";
    if (page !== shown) {
      shown = page;
      id("result").hidden = !page;
      id("result").src = page || "about:blank";
    }
    return running;
  }

  // As high as its content, without what stands above already.
  function fit() {
    const page = id("result").contentDocument;
    if (!page?.getElementById("images")) return;
    for (const above of page.querySelectorAll("header.top, #findings")) above.hidden = true;
    new ResizeObserver(() => { id("result").style.height = `${page.documentElement.offsetHeight}px`; }).observe(page.documentElement);
  }

  async function follow() {
    try {
      while (draw(await ask("state"))) await new Promise((done) => setTimeout(done, 400));
    } catch (reason) {
      show(id("error"), `medtrans serve does not answer any more (${reason.message}); start it again`);
    }
  }

  async function send(event) {
    event.preventDefault();
    if (!chosen) return;
    show(id("error"), "");
    if (chosen.size > limit) return show(id("error"), `${chosen.name}: is larger than ${Math.round(limit / 1e6)} MB; start medtrans serve with a higher --limit`);
    const query = new URLSearchParams({ name: chosen.name, model: id("model").value, anonymise: id("anonymise").checked });
    shown = "";
    id("result").hidden = true;
    id("translate").disabled = true;
    try {
      draw(await ask(`volume?${query}`, { method: "PUT", body: chosen.body }));
      await follow();
    } catch (reason) {
      draw(await ask("state"));
      show(id("error"), reason.message);
    }
  }

  const post = (path) => async () => {
    try {
      await ask(path, { method: "POST" });
      if (path === "forget") { show(id("error"), ""); id("form").reset(); choose("", null); }
      await follow();
    } catch (reason) { show(id("error"), reason.message); }
  };

  // `words` stand beside the name; a body of null is no choice.
  function choose(name, body, words = "") {
    chosen = body && { name, body, size: body.size };
    id("chosen").textContent = body ? `${name}, ${words}${(body.size / 1e6).toFixed(1)} MB` : ASKED;
    id("translate").disabled = !chosen || !id("progress").hidden;
  }

  // The files of a folder are sent as a zip, hidden ones left out.
  async function chooseFolder(name, files) {
    const seen = files.filter(([path]) => !path.split("/").some((part) => part.startsWith(".")));
    choose("", null);
    try {
      if (!seen.length) throw new Error(`${name}: holds no file`);
      show(id("error"), "");
      choose(`${name}.zip`, await window.zipped(seen), `${seen.length} files, `);
    } catch (reason) { show(id("error"), reason.message); }
  }

  const one = (file) => { if (file) choose(file.name, file); };

  function folder(event) {
    const files = [...event.target.files].map((file) => [file.webkitRelativePath, file]);
    if (files.length) chooseFolder(files[0][0].split("/")[0], files);
  }

  // Paths and files below an entry of a drop; a folder gives its entries a hundred at a time.
  async function below(entry, path = entry.name) {
    if (entry.isFile) return [[path, await new Promise((...ends) => entry.file(...ends))]];
    const reader = entry.createReader(), found = [];
    for (let some; (some = await new Promise((...ends) => reader.readEntries(...ends))).length;) {
      for (const inside of some) found.push(...await below(inside, `${path}/${inside.name}`));
    }
    return found;
  }

  async function drop(event) {
    event.preventDefault();
    id("drop").classList.toggle("over", event.type === "dragover");
    if (event.type !== "drop") return;
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const { files } = event.dataTransfer;
    if (entries.length === 1 && entries[0].isDirectory) return chooseFolder(entries[0].name, await below(entries[0]));
    if (files.length > 1) return chooseFolder("series", [...files].map((file) => [file.name, file]));
    one(files[0]);
  }

  async function start() {
    const facts = await ask("models");
    ({ limit, keep } = facts);
    id("kept").textContent = keep
      ? `Its translation is kept in ${keep}; the volume is removed when the next one comes, or at “Forget it”.`
      : "It is removed with its translation when the next one comes, or at “Forget it”.";
    about = Object.fromEntries(facts.models);
    id("model").replaceChildren(...facts.models.map(([name]) => new Option(name)));
    const say = () => { id("about").textContent = about[id("model").value]; };
    id("model").addEventListener("change", say);
    say();
    for (const name of ["dragover", "dragleave", "drop"]) id("drop").addEventListener(name, drop);
    id("volume").addEventListener("change", () => one(id("volume").files[0]));
    id("series").addEventListener("change", folder);
    id("result").addEventListener("load", fit);
    id("form").addEventListener("submit", send);
    id("stop").addEventListener("click", post("stop"));
    id("forget").addEventListener("click", post("forget"));
    await follow();
    document.body.dataset.ready = "yes";
  }
  start();
})();
