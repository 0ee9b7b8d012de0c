// What the pages do beyond reading. Everything here has a way without scripts, but for signing in the browser, which has the
// command line.
import { enhance } from "./sign.mjs";
import { passkey } from "./passkey.mjs";

document.documentElement.classList.remove("no-js");
for (const form of document.querySelectorAll("form[data-sign]")) enhance(form);
for (const form of document.querySelectorAll("form[data-passkey]")) passkey(form);
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });
}

// A map is loaded when its reader opens it, and not before.
for (const box of document.querySelectorAll("details[data-map]")) {
  box.addEventListener("toggle", async () => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = box.dataset.look;
    try {
      await new Promise((done, failed) => { style.onload = done; style.onerror = failed; document.head.append(style); });
      await (await import(box.dataset.script)).open(box);
      box.dataset.open = "";
    } catch {
      box.querySelector("[data-failed]").hidden = false;
    }
  }, { once: true });
}
