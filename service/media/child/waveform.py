"""Peaks of any length of sound in bounded memory: the resolution halves whenever there are too many points."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from service.media.values import POINTS_MAX, Waveform

GRAIN: Final = 256  # Samples in one point, to begin with.
BATCH_SAMPLES: Final = 1 << 16
SILENCE: Final = 0.001  # -60 dBFS

Block = NDArray[Any]
Points = NDArray[np.float32]
_FULL_SCALE: Final = {"u1": 2.0**7, "i2": 2.0**15, "i4": 2.0**31, "i8": 2.0**63}


class Peaks:
    """Takes blocks of decoded sound; folds all channels into lowest and highest, as parts of full scale."""

    def __init__(self) -> None:
        self._pending: list[Block] = []  # Not yet reduced to grains.
        self._pending_samples = 0
        self._grains = np.empty((2, 0), np.float32)  # Not yet enough for a point: lowest, highest.
        self._points = np.empty((2, 0), np.float32)
        self._grains_per_point = 1
        self._loudest = 0.0

    @property
    def silent(self) -> bool:
        """Nothing louder than SILENCE; to be asked after `finish`."""
        return self._loudest < SILENCE

    def add(self, block: Block) -> None:
        """Shape (channels, samples); channels and type may change from one block to the next."""
        if self._pending and (self._pending[0].shape[0], self._pending[0].dtype) != (block.shape[0], block.dtype):
            self._reduce(to_the_end=True)
        self._pending.append(block)
        self._pending_samples += block.shape[1]
        if self._pending_samples >= BATCH_SAMPLES:
            self._reduce(to_the_end=False)

    def finish(self, sample_rate_hz: int) -> Waveform:
        """The last point may stand for less than the others."""
        self._reduce(to_the_end=True)
        if self._grains.shape[1]:
            last = np.array([[self._grains[0].min()], [self._grains[1].max()]], np.float32)
            self._points = np.concatenate((self._points, last), axis=1)
        if self._points.shape[1] > POINTS_MAX:
            self._points = _folded(np.pad(self._points, ((0, 0), (0, self._points.shape[1] % 2)), "edge"), 2)
            self._grains_per_point *= 2
        whole = np.clip(np.floor(self._points * 128.0), -128, 127).astype(np.int8)
        return Waveform(sample_rate_hz, GRAIN * self._grains_per_point, whole.T.reshape(-1).tolist())

    def _reduce(self, *, to_the_end: bool) -> None:
        if not self._pending_samples:
            return
        block = np.concatenate(self._pending, axis=1)
        whole = self._pending_samples - self._pending_samples % GRAIN
        grains = block[:, :whole].reshape(block.shape[0], -1, GRAIN)
        self._append(_parts(grains.min(axis=(0, 2))), _parts(grains.max(axis=(0, 2))))
        rest = block[:, whole:]
        self._pending, self._pending_samples = [], 0
        if to_the_end and rest.shape[1]:
            self._append(_parts(rest.min(keepdims=True)[0]), _parts(rest.max(keepdims=True)[0]))
        elif rest.shape[1]:
            self._pending, self._pending_samples = [rest], rest.shape[1]

    def _append(self, lowest: Points, highest: Points) -> None:
        if lowest.size:
            self._loudest = max(self._loudest, -float(lowest.min()), float(highest.max()))
        self._grains = np.concatenate((self._grains, np.stack((lowest, highest))), axis=1)
        self._fold()
        while self._points.shape[1] > POINTS_MAX:
            even = self._points.shape[1] & ~1
            # An odd last point goes back: as many grains as it stood for, of its own height.
            back = np.repeat(self._points[:, even:], self._grains_per_point, axis=1)
            self._points = _folded(self._points[:, :even], 2)
            self._grains = np.concatenate((back, self._grains), axis=1)
            self._grains_per_point *= 2
            self._fold()

    def _fold(self) -> None:
        whole = self._grains.shape[1] - self._grains.shape[1] % self._grains_per_point
        new = _folded(self._grains[:, :whole], self._grains_per_point)
        self._points = np.concatenate((self._points, new), axis=1)
        self._grains = self._grains[:, whole:]


def _folded(pairs: Points, by: int) -> Points:
    grouped = pairs.reshape(2, -1, by)
    return np.stack((grouped[0].min(axis=1), grouped[1].max(axis=1)))


def _parts(values: Block) -> Points:
    """As parts of full scale, -1 to 1; what is no number counts as silence."""
    if values.dtype.kind == "f":
        return np.asarray(np.clip(np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0), np.float32)
    name = values.dtype.str[1:]
    shifted = values.astype(np.float64) - (_FULL_SCALE["u1"] if name == "u1" else 0.0)
    return np.asarray(shifted / _FULL_SCALE[name], np.float32)
