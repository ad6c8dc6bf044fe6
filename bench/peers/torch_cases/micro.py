"""micro: what one call costs beside its work: y = a + b on sizes.elements numbers (default 1).

direction forward: without a tape; sizes.tape 1: recorded, never run backward. forward+backward: a chain
of 100 additions, summed, and its backward; the time is per addition. The microseconds of a call are
1000 times the ms told.
"""

import torch

from torch_cases.case import Case

chain = 100
calls = 200


def build(request):
    elements = request.size("elements", 1)
    a, b = request.tensor("a", (elements,)), request.tensor("b", (elements,))
    state = {}
    if request.backward:
        a.requires_grad_(True)

        def forward_backward():
            a.grad = None
            x = a
            for _ in range(chain):
                x = x + b
            x.sum().backward()
            state["y"] = x.detach()

        return Case(forward_backward, lambda: {**state, "da": a.grad}, records=True, calls=chain,
                    note=f"a chain of {chain}")
    tape = bool(request.size("tape", 0))
    a.requires_grad_(tape)
    add = request.wrap(torch.add)

    def forward():
        for _ in range(calls):
            state["y"] = add(a, b)

    return Case(forward, lambda: dict(state), records=tape, calls=calls,
                note="recorded" if tape else "not recorded")
