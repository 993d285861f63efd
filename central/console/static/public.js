// An open page asks again by itself; when nobody answers, it says how old it is instead of looking fresh.
"use strict";
(() => {
  const every = Number(document.body.dataset.every) * 1000;
  const lost = document.getElementById("lost");
  const ask = async () => {
    if (document.hidden) return;
    const main = document.getElementById("main");
    try {
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(10000) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("main");
      // An error page of something in between is no news.
      if (!fresh || !fresh.dataset.made) throw new Error(String(answer.status));
      if (!main.contains(document.activeElement)) main.replaceWith(fresh);
      else if (main.innerHTML !== fresh.innerHTML) main.innerHTML = fresh.innerHTML;
      document.getElementById("main").dataset.made = fresh.dataset.made;
      lost.hidden = true;
      document.body.classList.remove("stale");
    } catch {
      lost.textContent = lost.dataset.words.replace("#", main.dataset.made);
      lost.hidden = false;
      document.body.classList.add("stale");
    }
  };
  document.body.classList.add("asks");
  setInterval(ask, every);
  document.addEventListener("visibilitychange", ask);
})();
