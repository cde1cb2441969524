// Sending documents: several at once, dropped, chosen or photographed, each with its own progress.
// A form with data-upload works without this script, one file at a time. Each file has an id of its own: sent again
// after a lost answer it is the same document.
"use strict";

(() => {
  const LARGEST = 25 * 1024 * 1024;
  const AT_ONCE = 2;
  const WAITS = [2000, 5000, 15000]; // milliseconds before each try of our own after a lost network
  const BUSY = new Set([429, 502, 503, 504]);
  const WORDS = {
    0: "The network is gone. It goes on by itself when it is back.",
    400: "This page was open for too long. Load it again and send the file anew.",
    401: "You were signed out. Sign in and send the file anew.",
    403: "You may not send documents to this practice.",
    404: "This practice is not open to you.",
    413: "The file is larger than 25 MB.",
  };
  const KEEP_OUT = "Something broke on our side. Try again in a minute.";
  const one = (what, within) => within.querySelector(what);
  const megabytes = (bytes) => bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
  const newId = () => "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) => (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16));

  class Sending {
    constructor(form) {
      this.form = form;
      this.input = one("input[type=file][name=file]", form);
      this.queue = one("[data-queue]", form);
      this.told = one("[data-told]", form);
      this.files = [];
      this.input.multiple = true;
      this.input.required = false;
      const several = one("[data-several]", form);
      several.textContent = several.dataset.several;
      this.listen();
    }

    listen() {
      const drop = one("[data-drop]", this.form);
      this.input.addEventListener("change", () => { this.add(this.input.files); this.input.value = ""; });
      const camera = one("[data-camera-input]", this.form);
      if (camera) {
        one("[data-camera]", this.form).hidden = false;
        camera.hidden = camera.disabled = false;
        camera.addEventListener("change", () => { this.add(camera.files); camera.value = ""; });
      }
      for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
      for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("is-over"));
      drop.addEventListener("drop", (event) => { event.preventDefault(); this.add(event.dataTransfer.files); });
      this.form.addEventListener("submit", (event) => { if (this.files.length || this.input.multiple) { event.preventDefault(); this.start(); } });
      window.addEventListener("online", () => { for (const file of this.files) if (file.state === "lost") { file.tries = 0; this.again(file); } });
      window.addEventListener("beforeunload", (event) => { if (this.files.some((file) => file.state === "going")) event.preventDefault(); });
    }

    add(chosen) {
      for (const content of chosen) {
        const line = one("[data-one]", this.form).content.firstElementChild.cloneNode(true);
        const file = { content, line, id: newId(), state: "waiting", tries: 0 };
        one("[data-name]", line).textContent = content.name;
        one("[data-size]", line).textContent = megabytes(content.size);
        one("[data-stop]", line).addEventListener("click", () => this.stop(file));
        one("[data-again]", line).addEventListener("click", () => { file.tries = 0; this.again(file); });
        one("[data-stop]", line).setAttribute("aria-label", `Remove ${content.name}`);
        one("[data-again]", line).setAttribute("aria-label", `Try ${content.name} again`);
        this.queue.append(line);
        this.files.push(file);
        if (!content.size) this.show(file, "wrong", "The file is empty.");
        else if (content.size > LARGEST) this.show(file, "wrong", WORDS[413]);
        else this.show(file, "waiting", "Ready to send");
      }
      this.queue.hidden = !this.files.length;
      const ready = this.files.filter((file) => file.state === "waiting").length;
      if (chosen.length) this.told.textContent = `${ready} ready to send.`;
    }

    start() {
      if (!this.files.some((file) => ["waiting", "going", "lost"].includes(file.state))) {
        this.told.textContent = this.files.length ? "Nothing is left to send." : "Choose a file first.";
        this.input.focus();
        return;
      }
      this.started = true;
      this.next();
    }

    next() {
      if (!this.started) return;
      const going = this.files.filter((file) => file.state === "going").length;
      for (const file of this.files.filter((each) => each.state === "waiting").slice(0, AT_ONCE - going)) this.send(file);
      if (!this.files.some((file) => ["waiting", "going"].includes(file.state))) this.sum();
    }

    send(file) {
      const fields = new FormData(this.form);
      fields.delete("file");
      fields.set("upload_id", file.id);
      fields.set("file", file.content, file.content.name);
      const call = file.call = new XMLHttpRequest();
      const bar = one("[data-bar]", file.line);
      call.open("POST", this.form.action);
      call.setRequestHeader("Accept", "application/json");
      call.upload.addEventListener("progress", (event) => {
        bar.value = event.lengthComputable ? Math.round(event.loaded / event.total * 100) : 0;
        if (file.state === "going") this.show(file, "going", bar.value < 100 ? `Sending, ${bar.value}%` : "Sent; the virus scanner looks at it");
      });
      call.addEventListener("load", () => this.answered(file, call));
      call.addEventListener("error", () => this.lost(file, 0));
      call.addEventListener("timeout", () => this.lost(file, 0));
      call.timeout = 300000;
      this.show(file, "going", "Sending");
      call.send(fields);
    }

    answered(file, call) {
      const said = this.read(call);
      if (call.status === 200 && said?.words) this.show(file, "kept", said.words);
      else if (BUSY.has(call.status)) return this.lost(file, call.status);
      else this.show(file, "wrong", said?.words || WORDS[call.responseURL.includes("/sign-in") ? 401 : call.status] || KEEP_OUT);
      file.may_again = call.status !== 200 && call.status !== 422;
      this.buttons(file);
      this.next();
    }

    read(call) {
      if (!(call.getResponseHeader("Content-Type") || "").startsWith("application/json")) return null;
      try { return JSON.parse(call.responseText); } catch { return null; }
    }

    lost(file, status) {
      const pause = WAITS[file.tries];
      file.tries += 1;
      this.show(file, "lost", status ? "Our side is busy. It goes on by itself." : WORDS[0]);
      if (pause) file.timer = setTimeout(() => this.again(file), pause);
      else { file.may_again = true; this.show(file, "lost", "It did not get through. Try again when the network is back."); this.buttons(file); }
      this.next();
    }

    again(file) {
      clearTimeout(file.timer);
      if (file.state === "going" || file.state === "kept") return;
      this.show(file, "waiting", "Ready to send");
      this.started = true;
      this.next();
    }

    stop(file) {
      clearTimeout(file.timer);
      const was = file.state, next = file.line.nextElementSibling || file.line.previousElementSibling;
      if (was === "going") file.call.abort();
      this.files = this.files.filter((each) => each !== file);
      file.line.remove();
      this.queue.hidden = !this.files.length;
      this.told.textContent = was === "kept" ? `${file.content.name} is kept; it only left this list.` : `${file.content.name} is not sent.`;
      (next ? one("[data-stop]", next) : this.input).focus();
      this.next();
    }

    show(file, state, words) {
      file.state = state;
      file.line.classList.toggle("is-kept", state === "kept");
      file.line.classList.toggle("is-wrong", state === "wrong" || state === "lost");
      one("[data-state]", file.line).textContent = words;
      this.buttons(file);
    }

    buttons(file) {
      one("[data-again]", file.line).hidden = !(file.may_again && ["wrong", "lost"].includes(file.state));
      one("[data-stop]", file.line).textContent = file.state === "going" ? "Cancel" : "Remove";
    }

    sum() {
      const kept = this.files.filter((file) => file.state === "kept").length;
      const wrong = this.files.filter((file) => file.state === "wrong").length;
      const lost = this.files.filter((file) => file.state === "lost").length;
      this.told.textContent = [kept && `${kept} kept.`, wrong && `${wrong} not taken.`, lost && `${lost} waiting for the network.`].filter(Boolean).join(" ");
      one("[data-done]", this.form).hidden = !kept;
    }
  }

  for (const form of document.querySelectorAll("form[data-upload]")) new Sending(form);
})();
