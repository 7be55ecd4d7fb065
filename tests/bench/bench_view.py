"""How long from an act to the painted picture: `python -m tests.bench.bench_view`.

Measured for the example and for 100 replicas, over a pod that is deleted and comes back: the time in which Python makes the
difference, and in headless Chromium the time from the click to the second frame after the page has changed, with everything in
between but Jupyter's own way from page to kernel.  Prints medians and 95th percentiles in milliseconds, and fails where a 95th
percentile is over its limit (100 ms for the example, 300 ms for 100 replicas).
"""
from __future__ import annotations

import json
import sys
import time

from tests import scenes
from tests.browser.harness import Stand, Toy, browser
from tutorial.view import difference

ROUNDS = 40
POD = "Pod/gsh/web-0"
CLICK_TO_PAINT = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const drawn = new Promise((done) => new MutationObserver((_, observer) => { observer.disconnect(); done(); })
    .observe(document.querySelector('[data-testid=picture]'), { subtree: true, childList: true, attributes: true, attributeFilter: ['data-phase'] }));
  const start = performance.now();
  document.querySelector('[data-testid=%s]').click();
  await drawn; await frame(); await frame();
  return performance.now() - start;
}"""


def spread(times: list[float]) -> tuple[float, float]:
    """(median, 95th percentile)."""
    times = sorted(times)
    return times[len(times) // 2], times[int(len(times) * 0.95) - 1]


def python_times(view, session) -> tuple[list[float], int]:
    """(milliseconds to make each difference, bytes of the longest)."""
    times, longest = [], 0
    for i in range(ROUNDS):
        session.now = session.now[:]
        pod = next(o for o in session.now if o["metadata"]["name"] == f"web-{i % 3}" and o["kind"] == "Pod")
        pod["spec"]["nodeName"] = f"node-{i}"
        before, start = view._scene, time.perf_counter()
        view._scene = view._compose()
        message = json.dumps(difference(before, view._scene))
        times.append(1000 * (time.perf_counter() - start))
        longest = max(longest, len(message))
    return times, longest


def page_times(stand: Stand) -> list[float]:
    times = []
    for _ in range(ROUNDS // 2):
        stand.node(POD).click()
        stand.page.wait_for_timeout(30)
        times.append(stand.page.evaluate(CLICK_TO_PAINT % "delete"))
        stand.page.wait_for_timeout(30)
        times.append(stand.page.evaluate(CLICK_TO_PAINT % "run"))
        stand.page.wait_for_timeout(400)
    return times


def main() -> int:
    late = 0
    print(f"{'':14}{'nodes':>7}{'Python':>16}{'longest delta':>16}{'click to paint':>18}")
    with browser() as chromium:
        for name, replicas, limit in (("example", 3, 100), ("100 replicas", 100, 300)):
            stand = Stand(chromium, Toy(scenes.example(replicas)))
            clicks = spread(page_times(stand))
            times, longest = python_times(stand.view, stand.session)
            python = spread(times)
            print(f"{name:14}{len(stand.view._scene['nodes']):7}{python[0]:8.1f}{python[1]:8.1f}{longest:14} B{clicks[0]:9.0f}{clicks[1]:9.0f}")
            late += clicks[1] > limit
            stand.page.close()
    return late


if __name__ == "__main__":
    sys.exit(main())
