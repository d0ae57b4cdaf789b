import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { abortable, onAbort } from "../../src/internal/abort.js";
import { deferred, rejection, settle } from "../support/promises.js";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

describe("onAbort", () => {
  it("runs every callback once when the signal is aborted", () => {
    const controller = new AbortController();
    const callbacks = [vi.fn(), vi.fn(), vi.fn()];
    for (const callback of callbacks) onAbort(controller.signal, callback);
    controller.abort();
    controller.abort();
    for (const callback of callbacks) expect(callback).toHaveBeenCalledTimes(1);
  });

  it("runs them where the runtime calls a listener without this", () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, "addEventListener");
    const callback = vi.fn();
    onAbort(signal, callback);
    const [, listener] = add.mock.calls[0] ?? [];
    Reflect.apply(listener as (event: object) => void, undefined, [{ target: signal }]);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it("adds one listener, and removes it with the last callback", () => {
    const { signal } = new AbortController();
    const forget = [vi.fn(), vi.fn()].map((callback) => onAbort(signal, callback));
    expect(listeners(signal)).toBe(1);
    forget[0]?.();
    forget[0]?.();
    expect(listeners(signal)).toBe(1);
    forget[1]?.();
    expect(listeners(signal)).toBe(0);
  });

  it("does not run a callback that was removed", () => {
    const controller = new AbortController();
    const [kept, removed] = [vi.fn(), vi.fn()];
    onAbort(controller.signal, kept);
    onAbort(controller.signal, removed)();
    controller.abort();
    expect(kept).toHaveBeenCalledTimes(1);
    expect(removed).not.toHaveBeenCalled();
  });

  it("allows removing a callback during and after the abort", () => {
    const controller = new AbortController();
    const forget: (() => void)[] = [];
    const removeLate = onAbort(controller.signal, () => forget[0]?.());
    const other = vi.fn();
    forget.push(onAbort(controller.signal, other));
    controller.abort();
    removeLate();
    expect(other).not.toHaveBeenCalled();
    expect(listeners(controller.signal)).toBe(0);
  });
});

describe("abortable", () => {
  it("returns the promise itself without a signal", () => {
    const promise = Promise.resolve(1);
    expect(abortable(promise, undefined)).toBe(promise);
  });

  it("settles as the promise does, and leaves no listener behind", async () => {
    const { signal } = new AbortController();
    const failure = new Error("odd");
    expect(await abortable(Promise.resolve(1), signal)).toBe(1);
    expect(await rejection(abortable(Promise.reject(failure), signal))).toBe(failure);
    await settle();
    expect(listeners(signal)).toBe(0);
  });

  it("rejects with the reason when the signal is aborted first, and ignores the promise afterwards", async () => {
    const controller = new AbortController();
    const held = deferred<number>();
    const promise = abortable(held.promise, controller.signal);
    controller.abort("enough");
    expect(await rejection(promise)).toBe("enough");
    held.reject(new Error("late"));
    await settle();
    expect(await rejection(promise)).toBe("enough");
  });
});
