import { expect, test } from "vitest";
import { barsPath, loudness, normalised, parseWaveform, peaksOf, PEAKS_MAX, resample } from "./waveform";

function answer(data: unknown[], bits = 8): unknown {
  return { version: 2, channels: 1, sample_rate: 8000, samples_per_pixel: 64, bits, length: data.length / 2, data };
}

test("a peak is the farther of the lowest and the highest sample, as a part of full scale", () => {
  expect(parseWaveform(answer([-128, 3, -5, 64, 0, 0]))).toEqual(new Float32Array([1, 0.5, 0]));
});

test("of a long recording no more peaks are kept than can be drawn", () => {
  const data = Array.from({ length: 16_000 }, (_, at) => (at === 15_999 ? 127 : 0));
  const peaks = parseWaveform(answer(data));
  expect(peaks).toHaveLength(PEAKS_MAX);
  expect(peaks?.at(-1)).toBeCloseTo(127 / 128);
});

test("a short recording and an empty one are taken as they are", () => {
  expect(parseWaveform(answer([0, 32]))).toEqual(new Float32Array([0.25]));
  expect(parseWaveform(answer([]))).toEqual(new Float32Array(0));
});

test.each([
  ["nothing", null],
  ["a word", "waveform"],
  ["no data", { bits: 8 }],
  ["half a pair", answer([1, 2, 3])],
  ["16 bits", answer([1, 2], 16)],
  ["words among the numbers", answer([1, "2"])],
])("%s is not a waveform", (_, given) => {
  expect(parseWaveform(given)).toBeNull();
});

test("fewer bars keep the loudest of what each covers", () => {
  expect(resample([0.1, 0.75, 0.25, 0.25, 0.5, 0], 3)).toEqual(new Float32Array([0.75, 0.25, 0.5]));
});

test("more bars than peaks repeat them in order", () => {
  expect(resample([0.25, 0.75], 4)).toEqual(new Float32Array([0.25, 0.25, 0.75, 0.75]));
});

test("no peaks are silence, and no bars are none", () => {
  expect(resample([], 3)).toEqual(new Float32Array(3));
  expect(resample([1], 0)).toHaveLength(0);
});

test("quiet talk fills the height, noise grows fourfold at most, silence stays", () => {
  expect(normalised(new Float32Array([0.25, 0.5]))).toEqual(new Float32Array([0.5, 1]));
  expect(normalised(new Float32Array([0.125]))).toEqual(new Float32Array([0.5]));
  expect(normalised(new Float32Array([0]))).toEqual(new Float32Array([0]));
});

test("decoded sound becomes the loudest of each stretch, clipped to full scale", () => {
  expect(peaksOf(new Float32Array([0, -0.5, 0.25, 1.5]), 2)).toEqual(new Float32Array([0.5, 1]));
  expect(peaksOf(new Float32Array(3), 512)).toHaveLength(3);
});

test("loudness rises with the sound and never passes 1", () => {
  const quiet = loudness(new Float32Array(64).fill(0.01));
  const loud = loudness(new Float32Array(64).fill(0.3));
  expect(loudness(new Float32Array(64))).toBe(0);
  expect(quiet).toBeGreaterThan(0);
  expect(loud).toBeGreaterThan(quiet);
  expect(loudness(new Float32Array(64).fill(1))).toBe(1);
});

test("each bar is a line about the middle; silence is a dot", () => {
  expect(barsPath([1, 0], 4, 32, 2)).toBe("M2.0 1.0V31.0M6.0 15.4V16.6");
});
