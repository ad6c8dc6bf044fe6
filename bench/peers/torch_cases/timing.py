"""Warms a case up, captures it where asked to, and measures bursts of calls."""

import math
import time

import torch

from torch_cases import tensor_file

swept = 256 << 20  # bytes: more than the last cache of any processor or GPU that this meets
shortest_sample = {"cpu": 20e-6, "cuda": 200e-6}
warm_ups = 3


def versions(options):
    """What {"hello": true} is answered."""
    told = {"torch": torch.__version__, "device": options.device, "threads": options.threads,
            "malloc": options.malloc, "capability": options.capability}
    if options.device == "cuda":
        told.update(cuda=torch.version.cuda, found=torch.cuda.is_available())
        if told["found"]:
            told.update(card=torch.cuda.get_device_name(0), cudnn=torch.backends.cudnn.version())
    return told


def release(device):
    if device == "cuda" and torch.cuda.is_available():
        torch.cuda.empty_cache()


class Runner:
    """A case, ready to be measured."""

    def __init__(self, case, request):
        self.case = case
        self.request = request
        self.on_cuda = request.device.type == "cuda"
        self.graph = None
        self.inner = 1  # steps of a sample
        self.captured_steps = 1
        self.sweep = torch.zeros(swept // 4, device=request.device) if request.cold else None
        if request.losses:
            if request.mode != "eager":
                raise ValueError("losses are those of mode eager")
            return  # every step counts
        with self._settings():
            self._warm_up()
            self._calibrate()

    def _settings(self):
        """What is PyTorch's, not the case's: set again before each burst."""
        exact = self.request.math == "exact"
        torch.backends.cuda.matmul.allow_tf32 = not exact
        torch.backends.cudnn.allow_tf32 = not exact
        return torch.set_grad_enabled(self.case.records)

    def _warm_up(self):
        if not self.on_cuda:
            for _ in range(warm_ups):
                self.case.step()
            return
        # On a stream of its own, as capturing wants it.
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(warm_ups):
                self.case.step()
        torch.cuda.current_stream().wait_stream(stream)

    def _calibrate(self):
        """How many steps make a sample; captures them."""
        self._synchronize()
        begin = time.perf_counter()
        self.case.step()
        self._synchronize()
        step_seconds = max(time.perf_counter() - begin, 1e-7)
        if not self.request.cold:
            shortest = shortest_sample[self.request.device.type]
            self.inner = max(1, math.ceil(shortest / step_seconds))
        if self.request.captured:
            self.captured_steps = 1 if self.request.cold else max(20, self.inner)
            self.inner = 1
            self._capture()

    def _capture(self):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(self.captured_steps):
                self.case.step()
        self.graph = graph
        self.graph.replay()
        self._synchronize()

    def _synchronize(self):
        if self.on_cuda:
            torch.cuda.synchronize()

    def _run(self):
        """One step, or all that the graph holds."""
        if self.graph is not None:
            self.graph.replay()
        else:
            self.case.step()

    def burst(self, seconds):
        """ms per call, one number for each sample."""
        calls = self.inner * self.captured_steps * self.case.calls
        with self._settings():
            measure = self._cuda_samples if self.on_cuda else self._cpu_samples
            return [1e3 * sample / calls for sample in measure(seconds)]

    def _cpu_samples(self, seconds):
        samples = []
        end = time.perf_counter() + seconds
        while not samples or time.perf_counter() < end:
            if self.sweep is not None:
                self.sweep.add_(1.0)
            begin = time.perf_counter()
            for _ in range(self.inner):
                self._run()
            samples.append(time.perf_counter() - begin)
        return samples

    def _cuda_samples(self, seconds):
        samples = []
        end = time.perf_counter() + seconds
        while not samples or time.perf_counter() < end:
            # A chain of samples without waiting in between; the first, whose calls were launched to
            # an idle device, is left out.
            marks = []
            for _ in range(9):
                if self.sweep is not None:
                    self.sweep.add_(1.0)
                marks.append([torch.cuda.Event(enable_timing=True) for _ in range(2)])
                marks[-1][0].record()
                for _ in range(self.inner):
                    self._run()
                marks[-1][1].record()
            torch.cuda.synchronize()
            samples += [1e-3 * begin.elapsed_time(finish) for begin, finish in marks[1:]]
        return samples

    def losses(self, steps):
        """The loss of each of the next steps."""
        if self.case.loss is None:
            raise ValueError(f"{self.request.family}, {self.request.direction} has no losses; "
                             "train and conv with direction training do")
        told = []
        with self._settings():
            for _ in range(int(steps)):
                self.case.step()
                told.append(self.case.loss().item())
        return told

    def write_results(self, path):
        with self._settings():
            self.case.step()
            self._synchronize()
        tensor_file.write(path, self.case.results())
