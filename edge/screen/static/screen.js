// Live parts of a page: swapped in place, so that focus, what is typed and a finger on a button survive.
"use strict";

// Two elements are the same one if their names agree.
const nameOf = (node) => node.nodeType === 1 ? node.tagName + "#" + (node.id || node.dataset.key || "") : node.nodeName;

function morph(old, fresh) {
  if (old.nodeType !== 1) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
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
      gone.remove();
    }
    at = same.nextSibling;
    morph(same, wanted);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function swap(id, html) {
  const old = document.getElementById(id);
  const box = document.createElement("template");
  box.innerHTML = html;
  const fresh = box.content.firstElementChild;
  if (old && fresh) morph(old, fresh);
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
  // A refused stream is not tried again by the browser: a page that must sign in anew is loaded anew.
  source.onerror = () => {
    if (source.readyState === 2) setTimeout(() => listen(address), 3000);
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
