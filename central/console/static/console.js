// What htmx leaves to do: ages that count on, the lost-connection banner, and what must survive a refreshed part.
"use strict";
(() => {
  const body = document.body;
  // The coordinator's clock minus this machine's, in milliseconds; kept true by every tick.
  let offset = Number(body.dataset.now) * 1000 - Date.now();
  let heard = Date.now();
  const SILENT_MS = 12000;
  const WIB = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Asia/Jakarta", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
  const banner = document.getElementById("lost");

  const age = (seconds) => {
    const say = (unit, n) => body.dataset[`age${unit}`].replace("#", String(Math.floor(n)));
    if (seconds < 1) return body.dataset.ageNow;
    if (seconds < 120) return say("S", seconds);
    if (seconds < 7200) return say("M", seconds / 60);
    if (seconds < 86400) return say("H", seconds / 3600);
    return say("D", seconds / 86400);
  };

  const refresh = () => {
    const now = (Date.now() + offset) / 1000;
    document.getElementById("now").textContent = WIB.format(now * 1000);
    for (const it of document.querySelectorAll("[data-age]")) it.textContent = age(now - Number(it.dataset.age));
    for (const it of document.querySelectorAll("[data-stale]")) {
      it.classList.toggle("stale", now - Number(it.dataset.stale) > Number(body.dataset.limit));
    }
    if (body.hasAttribute("sse-connect") && Date.now() - heard > SILENT_MS) lose();
  };

  const lose = () => {
    if (!banner.hidden) return;
    banner.querySelector("span").textContent = banner.dataset.words.replace("#", WIB.format(heard + offset));
    banner.hidden = false;
    body.classList.add("lost");
  };

  const hear = () => {
    heard = Date.now();
    banner.hidden = true;
    body.classList.remove("lost");
  };

  document.addEventListener("htmx:sseMessage", (event) => {
    if (event.target.id === "tick") offset = Number(event.detail.data) * 1000 - Date.now();
    hear();
  });
  document.addEventListener("htmx:sseError", lose);
  document.addEventListener("htmx:sendError", lose);
  document.addEventListener("htmx:beforeRequest", () => body.classList.add("asking"));
  document.addEventListener("htmx:afterRequest", () => body.classList.remove("asking"));

  // What was open stays open when a part is made anew, and events that were not there before are marked.
  let open = [];
  let events = new Set();
  document.addEventListener("htmx:beforeSwap", (event) => {
    open = [...event.target.querySelectorAll("details[open][id]")].map((it) => it.id);
    events = new Set([...event.target.querySelectorAll(".timeline li")].map((it) => it.id));
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const it of event.target.querySelectorAll(".timeline li")) it.classList.toggle("new", !events.has(it.id));
    refresh();
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
  for (const it of document.querySelectorAll("[data-submit]")) it.form.querySelector("button").hidden = true;

  refresh();
  setInterval(refresh, 1000);
})();
