import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bytes, makePasskey, text, usePasskey } from "./webauthn";

const SALT = text(new Uint8Array(32).fill(7));
const SECRET = new Uint8Array(32).fill(9).buffer;
const EXTENSIONS = { prf: { eval: { first: SALT } } };
const CREATION = {
  rp: { id: "example.org", name: "Strongroom" },
  user: { id: "AQ", name: "ada", displayName: "ada" },
  challenge: "AgM",
  pubKeyCredParams: [],
  excludeCredentials: [{ id: "BAU", type: "public-key" as const }],
  extensions: EXTENSIONS,
};
const REQUEST = { challenge: "AgM", rpId: "example.org", allowCredentials: [], extensions: EXTENSIONS };

/** What the browser has in its `PublicKeyCredential`s. */
class FakeCredential {
  readonly id = "Bg";
  readonly rawId = new Uint8Array([6]).buffer;
  readonly response = {
    clientDataJSON: new Uint8Array([1]).buffer,
    attestationObject: new Uint8Array([2]).buffer,
    authenticatorData: new Uint8Array([3]).buffer,
    signature: new Uint8Array([4]).buffer,
    userHandle: null,
  };

  constructor(private readonly prf: object | undefined) {}

  getClientExtensionResults() {
    return { prf: this.prf };
  }
}

const create = vi.fn<(options: CredentialCreationOptions) => Promise<unknown>>();
const get = vi.fn<(options: CredentialRequestOptions) => Promise<unknown>>();

beforeEach(() => {
  vi.stubGlobal("PublicKeyCredential", FakeCredential);
  vi.stubGlobal("navigator", { credentials: { create, get }, languages: ["en"] });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetAllMocks();
});

test("base64url comes and goes", () => {
  expect(text(new Uint8Array([251, 255, 254]))).toBe("-__-");
  expect([...bytes("-__-")]).toEqual([251, 255, 254]);
  expect([...bytes("AQ")]).toEqual([1]);
});

test("the browser is asked with bytes, and for the PRF's answer to the server's salt", async () => {
  create.mockResolvedValue(new FakeCredential({ enabled: true, results: { first: SECRET } }));
  const { credential, prf } = await makePasskey(CREATION);
  const asked = create.mock.calls[0]?.[0].publicKey;
  expect(asked?.challenge).toEqual(new Uint8Array([2, 3]));
  expect(asked?.user.id).toEqual(new Uint8Array([1]));
  expect(asked?.excludeCredentials).toEqual([{ id: new Uint8Array([4, 5]), type: "public-key" }]);
  expect(asked?.extensions).toEqual({ prf: { eval: { first: bytes(SALT) } } });
  expect(prf).toBe(text(SECRET));
  expect(JSON.stringify(credential)).not.toContain(text(SECRET));
  expect(get).not.toHaveBeenCalled();
});

test("an authenticator that answers the salt only when it is used is used once", async () => {
  create.mockResolvedValue(new FakeCredential({ enabled: true }));
  get.mockResolvedValue(new FakeCredential({ results: { first: SECRET } }));
  expect((await makePasskey(CREATION)).prf).toBe(text(SECRET));
  const asked = get.mock.calls[0]?.[0].publicKey;
  expect(asked).toMatchObject({ rpId: "example.org", userVerification: "required" });
  expect(asked?.allowCredentials).toEqual([{ type: "public-key", id: new Uint8Array([6]).buffer }]);
});

test.each([[{ enabled: false }], [undefined]])("one without PRF is not asked again: %j", async (prf) => {
  create.mockResolvedValue(new FakeCredential(prf));
  expect((await makePasskey(CREATION)).prf).toBeNull();
  expect(get).not.toHaveBeenCalled();
});

test("what is signed goes in the shape that the server reads", async () => {
  get.mockResolvedValue(new FakeCredential({ results: { first: SECRET } }));
  const { credential, prf } = await usePasskey(REQUEST);
  expect(credential).toEqual({
    id: "Bg",
    rawId: "Bg",
    type: "public-key",
    response: { clientDataJSON: "AQ", authenticatorData: "Aw", signature: "BA", userHandle: null },
  });
  expect(prf).toBe(text(SECRET));
});

test.each([
  [new DOMException("", "NotAllowedError"), "passkey_cancelled"],
  [new DOMException("", "AbortError"), "passkey_cancelled"],
  [new DOMException("", "InvalidStateError"), "passkey_known"],
  [new DOMException("", "SecurityError"), "passkey_impossible"],
])("how it can end: %s is %s", async (error, code) => {
  create.mockRejectedValue(error);
  await expect(makePasskey(CREATION)).rejects.toMatchObject({ code });
});

test("no answer is none", async () => {
  get.mockResolvedValue(null);
  await expect(usePasskey(REQUEST)).rejects.toMatchObject({ code: "passkey_cancelled" });
});
