// Live parts of a page: swapped in place, so that focus, what is typed and a finger on a button survive.
"use strict";

// Two elements are the same one if their names agree.
const nameOf = (node) => node.nodeType === 1 ? node.tagName + "#" + (node.id || node.dataset.key || "") : node.nodeName;

// A live picture that is taken out of the page goes on loading: browsers have six connections, and the seventh waits.
function leave(node) {
  if (node.nodeType === 1) {
    for (const image of node.matches("img.live") ? [node] : node.querySelectorAll("img.live")) image.removeAttribute("src");
  }
  node.remove();
}

function morph(old, fresh) {
  if (old.nodeType !== 1) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if ("keep" in old.dataset) return;
  for (const { name } of [...old.attributes]) {
    // What a person has opened stays open.
    if (!fresh.hasAttribute(name) && !(name === "open" && old.tagName === "DETAILS")) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old.tagName === "TEXTAREA" || old.tagName === "SELECT") return;
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    let same = at;
    while (same && nameOf(same) !== nameOf(wanted)) same = same.nextSibling;
    if (!same) {
      old.insertBefore(wanted, at);
      continue;
    }
    while (at !== same) {
      const gone = at;
      at = at.nextSibling;
      leave(gone);
    }
    at = same.nextSibling;
    morph(same, wanted);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    leave(gone);
  }
}

function swap(id, html) {
  const old = document.getElementById(id);
  const box = document.createElement("template");
  box.innerHTML = html;
  const fresh = box.content.firstElementChild;
  if (!old || !fresh) return;
  const held = document.activeElement;
  const key = old.contains(held) ? held.dataset.focus : undefined;
  morph(old, fresh);
  // What had the focus is gone: its successor has it, or else the work, never the page's beginning.
  if (held !== document.activeElement && !document.contains(held)) {
    const next = key && old.querySelector(`[data-focus="${CSS.escape(key)}"]`);
    (next || document.getElementById("main") || document.body).focus({ preventScroll: true });
  }
}

// --- the stream: `data-live` of the body is its address ---
let heard = Date.now();
let ahead = 0;
function listen(address) {
  const source = new EventSource(address);
  source.addEventListener("parts", (event) => {
    heard = Date.now();
    for (const [id, html] of Object.entries(JSON.parse(event.data))) swap(id, html);
    document.dispatchEvent(new Event("loket:parts"));
  });
  source.addEventListener("tick", (event) => {
    heard = Date.now();
    ahead = Number(event.data) * 1000 - heard;
  });
  // A refused stream is not tried again by the browser; a page that must sign in anew is loaded anew.
  source.onerror = async () => {
    if (source.readyState !== 2) return;
    const answer = await fetch(address, { headers: { accept: "text/event-stream" } }).catch(() => null);
    if (answer && answer.status === 401) return void location.reload();
    if (answer && answer.body) answer.body.cancel();
    setTimeout(() => listen(address), 3000);
  };
}

function two(number) {
  return String(number).padStart(2, "0");
}
function hour(moment) {
  const local = new Date(moment + Number(document.body.dataset.offset || 7) * 3600e3);
  return [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(two).join(":");
}

// A page that has heard nothing for 12 s is not to be believed: it greys and says since when.
function watch() {
  const clock = document.getElementById("clock");
  if (clock) clock.textContent = hour(Date.now() + ahead);
  const lost = document.getElementById("lost");
  if (!lost) return;
  const silent = Date.now() - heard > 12e3;
  if (silent && lost.hidden) lost.firstElementChild.textContent = lost.dataset.words.replace("#", hour(heard + ahead));
  lost.hidden = !silent;
  document.body.classList.toggle("stale", silent);
}

if (document.body.dataset.live) {
  listen(document.body.dataset.live);
  setInterval(watch, 500);
}

// --- forms: asked without leaving the page, so that nothing moves under a finger ---
let quiet = 0;
function tell(words, good) {
  const notice = document.getElementById("notice");
  if (!notice) return;
  notice.firstElementChild.textContent = words;
  notice.classList.toggle("bad", !good);
  notice.hidden = false;
  clearTimeout(quiet);
  quiet = setTimeout(() => { notice.hidden = true; }, good ? 4000 : 12000);
}

async function ask(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  form.dataset.busy = "1";
  try {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST", body: fields, headers: { accept: "application/json" },
    });
    if (answer.status === 401) return void location.reload();
    const { good, words } = await answer.json();
    tell(words, good);
    if (!good) return;
    const sheet = form.closest("details");
    if (!form.querySelector("button[data-focus]") || form.classList.contains("card") || form.classList.contains("take")) form.reset();
    if (sheet && sheet.open) {
      sheet.open = false;
      if (sheet.contains(document.activeElement)) sheet.querySelector("summary").focus();
    }
  } catch {
    tell(document.body.dataset.silent, false);
  } finally {
    delete form.dataset.busy;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.submitter && event.submitter.getAttribute("aria-disabled")) return void event.preventDefault();
  if (!("ask" in form.dataset)) return;
  event.preventDefault();
  // A second tap while the first is under way is one tap.
  if (!form.dataset.busy) ask(form, event.submitter);
});

// --- keys: those that stand on the buttons; Escape closes a sheet ---
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const sheet of document.querySelectorAll("details.sheet[open]")) {
      sheet.open = false;
      sheet.querySelector("summary").focus();
    }
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey || !/^F\d+$/.test(event.key)) return;
  const button = document.querySelector(`[data-shortcut="${event.key}"]`);
  if (!button) return;
  event.preventDefault();
  if (event.repeat) return;
  button.focus();
  if (!button.getAttribute("aria-disabled")) button.click();
});

// An opened sheet takes the focus; a touch beside it closes it.
document.addEventListener("toggle", (event) => {
  const sheet = event.target;
  if (!sheet.classList || !sheet.classList.contains("sheet") || !sheet.open) return;
  const first = sheet.querySelector(".body input:not([type=hidden]), .body button");
  if (first) first.focus({ preventScroll: true });
}, true);
document.addEventListener("pointerdown", (event) => {
  for (const sheet of document.querySelectorAll("details.sheet[open]")) if (!sheet.contains(event.target)) sheet.open = false;
});

// --- digits for a touch screen without a keyboard ---
let field = null;
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-digits]")) field = event.target;
});
function pads() {
  for (const pad of document.querySelectorAll("[data-pad]")) pad.hidden = false;
}
pads();
document.addEventListener("loket:parts", pads);
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-digit]");
  if (!key) return;
  const form = key.closest("form");
  const into = field && form.contains(field) ? field : form.querySelector("[data-digits]");
  const digit = key.dataset.digit;
  into.value = digit === "clear" ? "" : digit === "back" ? into.value.slice(0, -1) : into.value + digit;
  field = into;
});
