/** Whether this browser has passkeys for this page: they belong to a name, and an address of numbers is none. */
export function passkeysPossible(): boolean {
  const { hostname } = location;
  const numbers = hostname.includes(":") || /^[\d.]+$/.test(hostname);
  return window.isSecureContext && "PublicKeyCredential" in window && !numbers;
}
