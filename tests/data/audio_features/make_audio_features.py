#!/usr/bin/env python3
"""Writes the fixtures of mel_spectrogram_test.cpp: what librosa computes from one waveform.

Needs Python 3 with NumPy, SciPy and librosa (made with 0.11.0). Run in this folder: python3
make_audio_features.py. Tests read the committed files and need no Python. torchaudio's definitions
are librosa's with htk=True, norm=None and pad_mode="reflect", and the log of its MFCC is
ln(mel + 1e-6) where log_mels is on; librosa's n_mfcc rows are the DCT-II of whatever is given as S.
"""

import librosa
import numpy as np

RATE = 8000


def waveform():
    """A rising tone, noise, and silence, so that every kind of log has something to cut off."""
    t = np.arange(2000) / RATE
    x = 0.6 * np.sin(2 * np.pi * (200 + 3000 * t) * t)
    x[800:1300] += np.random.default_rng(5).uniform(-0.3, 0.3, 500)
    x[1600:] = 0
    return x.astype(np.float32)


CASES = {
    "slaney": dict(n_fft=256, win_length=200, hop_length=100, n_mels=20, power=2.0, center=True,
                   pad_mode="constant", htk=False, norm="slaney", fmin=0.0, fmax=4000.0),
    "htk": dict(n_fft=400, win_length=400, hop_length=200, n_mels=24, power=2.0, center=True,
                pad_mode="reflect", htk=True, norm=None, fmin=0.0, fmax=4000.0),
    "inside": dict(n_fft=250, win_length=250, hop_length=80, n_mels=12, power=1.0, center=False,
                   pad_mode="constant", htk=True, norm="slaney", fmin=60.0, fmax=3500.0),
    "odd": dict(n_fft=189, win_length=150, hop_length=77, n_mels=10, power=2.0, center=True,
                pad_mode="reflect", htk=False, norm=None, fmin=100.0, fmax=3000.0),
}


def main():
    x = waveform()
    np.save("waveform.npy", x)
    for name, options in CASES.items():
        # From the magnitudes in double precision: librosa's filters are f32 unless told otherwise.
        o = dict(options)
        stft = librosa.stft(x.astype(np.float64), n_fft=o["n_fft"], hop_length=o["hop_length"],
                            win_length=o["win_length"], center=o["center"], pad_mode=o["pad_mode"])
        filters = librosa.filters.mel(sr=RATE, n_fft=o["n_fft"], n_mels=o["n_mels"], fmin=o["fmin"],
                                      fmax=o["fmax"], htk=o["htk"], norm=o["norm"], dtype=np.float64)
        mel = filters @ np.abs(stft) ** o["power"]
        decibel = librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=80.0)
        natural = np.log(mel + 1e-6)
        np.save(f"{name}_mel.npy", np.ascontiguousarray(mel.T))
        np.save(f"{name}_decibel.npy", np.ascontiguousarray(decibel.T))
        np.save(f"{name}_mfcc.npy",
                np.ascontiguousarray(librosa.feature.mfcc(S=decibel, n_mfcc=9, dct_type=2, norm="ortho").T))
        np.save(f"{name}_mfcc_natural.npy",
                np.ascontiguousarray(librosa.feature.mfcc(S=natural, n_mfcc=9, dct_type=2, norm=None).T))
        print(f"{name}: {mel.shape[1]} frames of {mel.shape[0]} bands")


if __name__ == "__main__":
    main()
