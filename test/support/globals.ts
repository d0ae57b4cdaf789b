import { vi } from "vitest";

/** Loads modules anew in a process without these globals, as a browser or another test environment is. */
export async function withoutGlobals<T>(names: readonly string[], load: () => Promise<T>): Promise<T> {
  vi.resetModules();
  for (const name of names) vi.stubGlobal(name, undefined);
  try {
    return await load();
  } finally {
    vi.unstubAllGlobals();
    // What was loaded here must not serve other tests.
    vi.resetModules();
  }
}
