// Passkeys: options come from the node, the answer goes back in a plain form.
const json = async (url, body) => {
  const res = await fetch(url, { method: "POST", body: new URLSearchParams(body) });
  if (!res.ok) throw new Error("refused");
  return res.json();
};

// passkey turns a form into one that asks the authenticator before it is sent.
export function passkey(form) {
  const say = form.querySelector("[data-say]");
  form.addEventListener("submit", async (e) => {
    if (form.elements.response.value) return;
    e.preventDefault();
    say.textContent = form.dataset.working;
    try {
      const values = Object.fromEntries(new FormData(form));
      delete values.response;
      const options = await json(form.dataset.options, values);
      const c = form.dataset.passkey === "get"
        ? await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
        : await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
      form.elements.response.value = JSON.stringify(c.toJSON());
      form.submit();
    } catch {
      say.textContent = form.dataset.failed;
      say.focus();
    }
  });
}
