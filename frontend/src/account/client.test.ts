import { expect, test } from "vitest";
import { clientOf } from "./client";

const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";

test.each([
  [`Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/131.0.0.0 Safari/537.36`, "Chrome", "Linux", "computer"],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/131.0 Safari/537.36 Edg/131.0`, "Edge", "Windows", "computer"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 14.7; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox", "macOS", "computer"],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Safari", "iPhone", "phone",
  ],
  [
    "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1",
    "Chrome", "iPad", "phone",
  ],
  [`Mozilla/5.0 (Linux; Android 14; SM-S911B) ${WEBKIT} SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36`, "Samsung Internet", "Android", "phone"],
  [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/131.0 Safari/537.36 OPR/117.0`, "Opera", "ChromeOS", "computer"],
  ["Mozilla/5.0 (X11; Linux x86_64) Unheard/1.0", null, "Linux", "computer"],
  ["curl/8.5.0", "curl", null, "program"],
  ["python-httpx/0.28.1", "python-httpx", null, "program"],
  ["", null, null, "program"],
] as const)("%s", (userAgent, name, system, kind) => {
  expect(clientOf(userAgent)).toEqual({ name, system, kind });
});

test("what a program calls itself is cut short, whatever it is", () => {
  expect(clientOf("x".repeat(4_000)).name).toHaveLength(40);
  expect(clientOf("<img/onerror=alert(1)>").name).toBe("<img");
});
