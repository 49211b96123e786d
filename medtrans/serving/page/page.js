"use strict";
// The local page: send one volume, follow its translation, show and fetch what came out.
(() => {
  const id = (name) => document.getElementById(name);
  const WORDS = { volume: "Translation", dicom: "DICOM series (zip)", uncertainty: "Standard deviation", sidecar: "Sidecar (JSON)" };
  const SEVERITY = { refuse: "Refused", warn: "Warning", note: "Note" };
  let about = {}, limit = Infinity, shown = "";

  const show = (element, words) => { element.textContent = words; element.hidden = !words; };

  async function ask(path, options) {
    const answer = await fetch(path, options);
    const facts = await answer.json();
    if (!answer.ok) throw new Error(facts.error ?? facts.detail ?? answer.statusText);
    return facts;
  }

  function draw(job) {
    const running = job.state === "running";
    id("translate").disabled = running;
    id("stop").hidden = !running;
    id("forget").hidden = running || job.state === "idle";
    id("progress").hidden = !running;
    id("bar").value = job.done;
    id("stage").textContent = `${job.name}: ${job.text} ${Math.round(100 * job.done)} %`;
    if (job.state !== "idle") show(id("error"), job.error);
    id("findings").replaceChildren(...job.findings.map((one) =>
      Object.assign(document.createElement("li"), { textContent: `${SEVERITY[one.severity]}: ${one.text}` })));
    id("files").replaceChildren(...Object.entries(job.files ?? {}).filter(([kind]) => kind in WORDS).map(([kind, name]) =>
      Object.assign(document.createElement("a"), { href: `files/${kind}`, download: name, textContent: `${WORDS[kind]}: ${name}` })));
    const page = job.files?.page ? `files/page?of=${encodeURIComponent(job.name)}` : "";
    if (page !== shown) {
      shown = page;
      id("result").hidden = !page;
      id("result").src = page || "about:blank";
    }
    return running;
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
    const [file] = id("volume").files;
    if (!file) return;
    show(id("error"), "");
    if (file.size > limit) return show(id("error"), `${file.name}: is larger than ${Math.round(limit / 1e6)} MB; start medtrans serve with a higher --limit`);
    const query = new URLSearchParams({ name: file.name, model: id("model").value });
    shown = "";
    id("result").hidden = true;
    id("translate").disabled = true;
    try {
      draw(await ask(`volume?${query}`, { method: "PUT", body: file }));
      await follow();
    } catch (reason) {
      draw(await ask("state"));
      show(id("error"), reason.message);
    }
  }

  const post = (path) => async () => {
    try {
      await ask(path, { method: "POST" });
      if (path === "forget") { show(id("error"), ""); id("form").reset(); choose(); }
      await follow();
    } catch (reason) { show(id("error"), reason.message); }
  };

  const choose = () => {
    const [file] = id("volume").files;
    if (file) id("chosen").textContent = `${file.name}, ${(file.size / 1e6).toFixed(1)} MB`;
  };

  function drop(event) {
    event.preventDefault();
    id("drop").classList.toggle("over", event.type === "dragover");
    if (event.type !== "drop") return;
    id("volume").files = event.dataTransfer.files;
    choose();
  }

  async function start() {
    const facts = await ask("models");
    limit = facts.limit;
    about = Object.fromEntries(facts.models);
    id("model").replaceChildren(...facts.models.map(([name]) => new Option(name)));
    const say = () => { id("about").textContent = about[id("model").value]; };
    id("model").addEventListener("change", say);
    say();
    for (const name of ["dragover", "dragleave", "drop"]) id("drop").addEventListener(name, drop);
    id("volume").addEventListener("change", choose);
    id("form").addEventListener("submit", send);
    id("stop").addEventListener("click", post("stop"));
    id("forget").addEventListener("click", post("forget"));
    await follow();
    document.body.dataset.ready = "yes";
  }
  start();
})();
