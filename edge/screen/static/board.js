// The ticket page forgets the last visitor, and a button that was touched is not touched twice.
"use strict";
const page = document.body.dataset;
if (page.home) {
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => location.replace(page.home), Number(page.homeS) * 1000);
  };
  for (const what of ["pointerdown", "keydown"]) addEventListener(what, wait);
  wait();
}
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    form.classList.add("sent");
  });
}
// A page that the browser kept is shown as new.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
