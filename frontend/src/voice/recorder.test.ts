import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dropLocal, local } from "../lib/local";
import { FakeMediaRecorder, withMicrophone, type FakeMicrophone } from "./fakes";
import { Keeping } from "./keeping";
import { LONGEST_S, Recorder, type Notice } from "./recorder.svelte";

let microphone: FakeMicrophone;
let keeping: Keeping | null;
let told: Notice[];

beforeEach(() => {
  microphone = withMicrophone();
  FakeMediaRecorder.supported = ["audio/webm;codecs=opus"];
  keeping = null;
  told = [];
});

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await dropLocal();
});

function made(): Recorder {
  const mine = told; // of this test: a recorder that another one left may still tick
  return new Recorder(
    "chat",
    (row) => (keeping = Keeping.begin(row)),
    (notice) => mine.push(notice),
  );
}

async function recording(): Promise<Recorder> {
  const recorder = made();
  await recorder.start("ada");
  return recorder;
}

function say(words: string): void {
  FakeMediaRecorder.last.hear(words);
  FakeMediaRecorder.last.requestData();
}

/** Lets `seconds` of the clock go by. Timers and performance.now stand still otherwise. */
function clockInHand(): (seconds: number) => void {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  return (seconds) => void vi.advanceTimersByTime(seconds * 1_000);
}

async function kept(): Promise<string> {
  return (await keeping?.blob())?.text() ?? "";
}

test("from asking to a note that can be reviewed", async () => {
  const recorder = made();
  expect(recorder.state).toBe("idle");
  const started = recorder.start("ada");
  expect(recorder.state).toBe("asking");
  await started;
  expect(recorder.state).toBe("recording");
  say("one ");
  FakeMediaRecorder.last.hear("two");
  await recorder.finish();
  expect(recorder.state).toBe("review");
  expect(await kept()).toBe("one two");
  expect(keeping?.row).toMatchObject({ userId: "ada", chatId: "chat", type: "audio/webm;codecs=opus", finished: true });
  expect(microphone.track.stopped).toBe(true);
});

test("each slice is in the browser's store before the end comes", async () => {
  await recording();
  say("one ");
  say("two");
  await keeping?.settled();
  const slices = await (await local()).getAll("slices");
  expect(slices.map(({ number, userId }) => [number, userId])).toEqual([
    [0, "ada"],
    [1, "ada"],
  ]);
  const [row] = await (await local()).getAll("recordings");
  expect(row).toMatchObject({ userId: "ada", finished: false });
});

test("only recorded time counts", async () => {
  const pass = clockInHand();
  const recorder = await recording();
  pass(2);
  expect(recorder.elapsedS).toBeCloseTo(2, 5);
  recorder.pause();
  expect(recorder.state).toBe("paused");
  pass(60);
  expect(recorder.elapsedS).toBeCloseTo(2, 5);
  recorder.resume();
  expect(recorder.state).toBe("recording");
  pass(3);
  expect(recorder.elapsedS).toBeCloseTo(5, 5);
  expect(recorder.levels).toHaveLength(51);
  say("words");
  await recorder.finish();
  expect(keeping?.row.durationS).toBeCloseTo(5, 5);
});

test("a note that ends in a pause is as long as what was recorded", async () => {
  const pass = clockInHand();
  const recorder = await recording();
  say("words");
  pass(2);
  recorder.pause();
  pass(60);
  await recorder.finish();
  expect(keeping?.row.durationS).toBeCloseTo(2, 5);
});

test("a pause keeps at once what was said before it", async () => {
  const recorder = await recording();
  FakeMediaRecorder.last.hear("before the pause");
  recorder.pause();
  expect(await kept()).toBe("before the pause");
});

test("an unplugged microphone leaves what there is, and a word", async () => {
  const recorder = await recording();
  say("half a sent");
  microphone.track.onended?.();
  await vi.waitFor(() => expect(recorder.state).toBe("review"));
  expect(told).toEqual(["unplugged"]);
  expect(await kept()).toBe("half a sent");
});

test("three hours are the end", async () => {
  const pass = clockInHand();
  const recorder = await recording();
  say("much");
  pass(LONGEST_S + 1);
  await recorder.finish();
  expect(recorder.state).toBe("review");
  expect(told).toEqual(["longest"]);
});

test("without a single byte there is nothing to review", async () => {
  const recorder = await recording();
  await recorder.finish();
  expect([recorder.state, recorder.failure]).toEqual(["failed", "empty"]);
});

test("finished while the browser still asks, nothing is recorded and the microphone is let go", async () => {
  const recorder = made();
  const started = recorder.start("ada");
  await recorder.finish();
  await started;
  expect(keeping).toBeNull();
  expect(microphone.track.stopped).toBe(true);
});

test.each([
  ["NotAllowedError", "refused"],
  ["NotFoundError", "missing"],
  ["NotReadableError", "busy"],
  ["SomethingNewError", "unknown"],
])("%s is told as %s", async (name, failure) => {
  microphone.getUserMedia.mockRejectedValue(new DOMException("", name));
  const recorder = await recording();
  expect([recorder.state, recorder.failure]).toEqual(["failed", failure]);
});

test("a page without HTTPS and a browser that records nothing are told apart", async () => {
  FakeMediaRecorder.supported = [];
  expect((await recording()).failure).toBe("unsupported");
  vi.stubGlobal("isSecureContext", false);
  expect((await recording()).failure).toBe("insecure");
});

test("a recorder that cannot begin lets the microphone go", async () => {
  vi.spyOn(FakeMediaRecorder.prototype, "start").mockImplementation(() => {
    throw new DOMException("", "NotSupportedError");
  });
  expect((await recording()).failure).toBe("unknown");
  expect(microphone.track.stopped).toBe(true);
});

test("little room is told once", async () => {
  microphone.estimate = { quota: 1_000_000, usage: 0 };
  await recording();
  await vi.waitFor(() => expect(told).toEqual(["storage"]));
});

test("a store that refuses in the middle leaves a beginning without gaps, and the rest in memory", async () => {
  const recorder = await recording();
  say("one ");
  await keeping?.settled();
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("", "QuotaExceededError");
  });
  say("two ");
  await keeping?.settled();
  vi.mocked(IDBObjectStore.prototype.put).mockRestore();
  say("three");
  await recorder.finish();
  expect(told).toEqual(["memory"]);
  expect(await kept()).toBe("one two three");
  expect(await (await local()).getAll("slices")).toHaveLength(1);
});
