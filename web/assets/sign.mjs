// Signing on the official's own machine. The key is opened and used here; the node gets the signature alone.
import { Decrypter } from "age-encryption";

const hex = (b) => Array.from(new Uint8Array(b), (x) => x.toString(16).padStart(2, "0")).join("");
const unhex = (s) => Uint8Array.from(s.match(/../g) ?? [], (x) => parseInt(x, 16));

// CBOR (RFC 8949) of what a statement holds: heads of byte strings, text and unsigned integers.
function head(major, n) {
  if (n < 24) return [(major << 5) | n];
  if (n < 0x100) return [(major << 5) | 24, n];
  if (n < 0x10000) return [(major << 5) | 25, n >> 8, n & 255];
  if (n < 0x100000000) return [(major << 5) | 26, n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255];
  const hi = Math.floor(n / 0x100000000), lo = n >>> 0;
  return [(major << 5) | 27, hi >>> 24, (hi >> 16) & 255, (hi >> 8) & 255, hi & 255, lo >>> 24, (lo >> 16) & 255, (lo >> 8) & 255, lo & 255];
}
function text(s) {
  const b = new TextEncoder().encode(s);
  return [...head(3, b.length), ...b];
}

// statement: the exact bytes an official signs (doc/record.md).
export function statement(act, party, office, seat, time) {
  const a = unhex(act);
  const body = [0x85, ...head(2, a.length), ...a, ...text(party), ...text(office), ...head(0, seat), ...head(0, time)];
  return new Uint8Array([...new TextEncoder().encode("entente/approval/v1\0"), ...body]);
}

// withKeyFile opens a seat's key file under its passphrase and signs statements with Ed25519 (RFC 8032).
async function withKeyFile(file, passphrase, statements) {
  const d = new Decrypter();
  d.addPassphrase(passphrase);
  const seed = await d.decrypt(new Uint8Array(await file.arrayBuffer()), "uint8array");
  if (seed.length !== 32) throw new Error("not a key");
  const pkcs8 = new Uint8Array([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20, ...seed]);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  return Promise.all(statements.map(async (bytes) => ({ signature: await crypto.subtle.sign("Ed25519", key, bytes), evidence: [] })));
}

// withPasskey asks the authenticator that holds the seat's signing credential; the challenge is the statement's SHA-256.
async function withPasskey(credentials, bytes) {
  const challenge = await crypto.subtle.digest("SHA-256", bytes);
  const allow = credentials.trim().split(" ").map((id) => ({ type: "public-key", id: unhex(id) }));
  const c = await navigator.credentials.get({ publicKey: { challenge, allowCredentials: allow, userVerification: "required", rpId: location.hostname } });
  return { signature: c.response.signature, evidence: [c.response.authenticatorData, c.response.clientDataJSON] };
}

const ED25519 = -19;

export function enhance(form) {
  const fields = form.querySelector("[data-key-file]");
  const algOf = () => Number((form.elements.seat.selectedOptions?.[0] ?? form.elements.seat).dataset.alg);
  const show = () => { fields.hidden = algOf() !== ED25519; }; // an authenticator needs no file
  form.elements.seat.addEventListener("change", show);
  show();
  const say = form.querySelector("[data-say]");
  form.addEventListener("submit", async (e) => {
    if (form.elements.signature.value) return;
    e.preventDefault();
    const d = form.dataset, seat = Number(form.elements.seat.value), time = Math.floor(Date.now() / 1000);
    const option = form.elements.seat.selectedOptions?.[0] ?? form.elements.seat;
    const alg = Number(option.dataset.alg);
    const statements = d.act.split(" ").map((act) => statement(act, d.party, d.office, seat, time)); // one signature each
    say.textContent = d.working;
    try {
      let out = [];
      if (alg === ED25519) {
        const file = form.elements.keyfile.files[0];
        if (!file) throw new Error("no file");
        out = await withKeyFile(file, form.elements.passphrase.value, statements);
        form.elements.passphrase.value = "";
      } else {
        for (const bytes of statements) out.push(await withPasskey(option.dataset.credentials, bytes));
      }
      form.elements.alg.value = String(alg);
      form.elements.time.value = String(time);
      form.elements.signature.value = out.map((x) => hex(x.signature)).join(",");
      for (const i of [0, 1]) form.elements["evidence-" + i].value = out.map((x) => hex(x.evidence[i] ?? [])).join(",");
      form.elements.keyfile.value = "";
      form.submit();
    } catch {
      say.textContent = d.failed;
      say.focus();
    }
  });
}
