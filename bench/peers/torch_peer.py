#!/usr/bin/env python3
"""PyTorch as an opponent of the benchmark: a server, one JSON request per line in, one JSON line out.

    torch_peer.py --device cpu|cuda [--threads N] [--malloc large|default] [--capability NAME]

A request measures one burst of calls of one case:

    {"family": "lstm", "sizes": {"time": 50, "batch": 64, "input": 300, "hidden": 128},
     "direction": "forward+backward", "dtype": "f32", "math": "tf32", "mode": "graph", "seconds": 0.05}
    -> {"ms": [0.41, …], "torch": "2.11.0", "note": "cuDNN", "build_ms": 812.0}
    -> {"error": "RuntimeError: …"}

A case is what a request says but for `seconds` and `outputs`. It is built at its first request
(build_ms: with compilation, capture and warm-up) and kept until {"drop": true}: with the request's
other fields that case alone, without a family all of them. {"hello": true} tells versions.

Fields, with what they are where left out:
  family     see torch_cases/__init__.py; the sizes that each takes stand in its own file
  direction  "forward" (under no_grad), "forward+backward" (all gradients, set to None before); conv
             and train also "training" (with Adam's step). Default "forward"
  dtype      "f32", "bf16", "f16", "f64": of the tensors. Default "f32"
  math       for f32 on cuda: "exact" (no TF32 anywhere) or "tf32" (allowed in products and cuDNN).
             Default "exact". PyTorch's own default is TF32 in cuDNN only
  mode       "eager"; on cuda also "compile" (torch.compile), "graph" (eager calls in a CUDA graph),
             "compile+graph". Default "eager"
  seconds    of measuring, at least one sample. Default 0.05
  cold       true: caches are swept before every call, outside what is timed
  inputs     an .npz or .safetensors file; a tensor in it replaces the random one of the same name
  outputs    an .npz file to write: results of a call, by the names of our kernels (y, dx, dweight, …)

`ms` are times per call. A sample is a run of calls long enough for the clock; on cuda it is what
passes on the device between two events, so that the host's work counts where it is the slower side.

On the CPU the process starts itself again with the settings that are best for PyTorch: OpenBLAS's
OpenMP build where installed (Debian's default brings a second pool of threads, up to six times
slower), and with --malloc large an allocator that keeps its pages.
"""

import argparse
import json
import os
import sys
import time
import traceback

openblas = "/usr/lib/x86_64-linux-gnu/openblas-openmp"


def arguments():
    parser = argparse.ArgumentParser(description="PyTorch as an opponent; see the top of the file")
    parser.add_argument("--device", choices=["cpu", "cuda"], required=True)
    parser.add_argument("--threads", type=int, default=1, help="on the CPU")
    parser.add_argument("--malloc", choices=["large", "default"], default="large")
    parser.add_argument("--capability", choices=["default", "avx2", "avx512"], default="default",
                        help="ATEN_CPU_CAPABILITY")
    return parser.parse_args()


def settle_environment(options):
    """What a library reads before main: set, and the process started again if anything changed."""
    wanted = {}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        wanted[name] = str(options.threads)
    if options.malloc == "large":
        for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_"):
            wanted[name] = str(1 << 30 if name != "MALLOC_TOP_PAD_" else 1 << 26)
    if options.capability != "default":
        wanted["ATEN_CPU_CAPABILITY"] = options.capability
    path = os.environ.get("LD_LIBRARY_PATH", "")
    if os.path.isdir(openblas) and openblas not in path.split(":"):
        wanted["LD_LIBRARY_PATH"] = openblas + (":" + path if path else "")
    if all(os.environ.get(name) == value for name, value in wanted.items()):
        return
    if os.environ.get("HEDDLE_TORCH_PEER") == "again":
        raise SystemExit("torch_peer: the environment does not keep what was set: " + str(wanted))
    os.environ.update(wanted, HEDDLE_TORCH_PEER="again")
    os.execv(sys.executable, [sys.executable] + sys.argv)


def serve(options, answers):
    import torch

    from torch_cases import families, timing
    from torch_cases.request import Request

    torch.set_num_threads(options.threads)
    cases = {}

    def answer(fields):
        if fields.get("hello"):
            return timing.versions(options)
        kept = Request.kept(fields)
        if fields.get("drop"):
            names = [name for name in cases if name == kept or "family" not in fields]
            for name in names:
                del cases[name]
            timing.release(options.device)
            return {"dropped": len(names)}
        reply = {}
        if kept not in cases:
            begin = time.perf_counter()
            request = Request(fields, options.device)
            case = families.build(request)
            cases[kept] = timing.Runner(case, request)
            reply["build_ms"] = 1e3 * (time.perf_counter() - begin)
        runner = cases[kept]
        if "losses" in fields:
            return {"losses": runner.losses(fields["losses"]), "torch": torch.__version__,
                    "note": runner.case.note}
        if "outputs" in fields:
            runner.write_results(fields["outputs"])
        reply["ms"] = runner.burst(float(fields.get("seconds", 0.05)))
        return {**reply, "torch": torch.__version__, "note": runner.case.note, **runner.case.extra()}

    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            reply = answer(json.loads(line))
        except Exception as error:  # whatever PyTorch throws is an answer to this request alone
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:600]}"}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


def main():
    options = arguments()
    settle_environment(options)
    # Whatever a library prints goes to stderr, so that stdout holds answers alone.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    serve(options, answers)


if __name__ == "__main__":
    main()
