// Passkeys: asks the browser to make or use one, and sends its answer with the form it belongs to.
"use strict";

(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function make(asked) {
    const publicKey = { ...asked, challenge: bytes(asked.challenge), user: { ...asked.user, id: bytes(asked.user.id) }, excludeCredentials: named(asked.excludeCredentials) };
    const made = await navigator.credentials.create({ publicKey });
    return { made, response: { attestationObject: text(made.response.attestationObject), clientDataJSON: text(made.response.clientDataJSON) } };
  }

  async function use(asked) {
    const publicKey = { ...asked, challenge: bytes(asked.challenge), allowCredentials: named(asked.allowCredentials) };
    const made = await navigator.credentials.get({ publicKey });
    const { authenticatorData, clientDataJSON, signature, userHandle } = made.response;
    return { made, response: { authenticatorData: text(authenticatorData), clientDataJSON: text(clientDataJSON), signature: text(signature), userHandle: userHandle ? text(userHandle) : null } };
  }

  function say(part, words) {
    const wrong = part.querySelector("[data-passkey-wrong]");
    wrong.hidden = false;
    wrong.querySelector("span").textContent = words;
  }

  async function go(part) {
    const button = part.querySelector("[data-passkey-go]");
    button.disabled = true;
    try {
      const asked = JSON.parse(part.dataset.options);
      const { made, response } = await (part.dataset.passkey === "create" ? make(asked) : use(asked));
      const answer = { id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: made.getClientExtensionResults() };
      part.querySelector("input[name$=passkey]").value = JSON.stringify(answer);
      button.closest("form").submit();
    } catch (problem) {
      // The browser says the same for "cancelled", "took too long" and "none here".
      say(part, problem.name === "InvalidStateError" ? "This device has a passkey for you already." : "No passkey was used. Try again, or take another way.");
      button.disabled = false;
    }
  }

  for (const part of document.querySelectorAll("[data-passkey]")) {
    if (!window.PublicKeyCredential) {
      part.querySelector("[data-passkey-go]").disabled = true;
      say(part, "This browser cannot use passkeys.");
    } else part.querySelector("[data-passkey-go]").addEventListener("click", () => go(part));
  }
})();
