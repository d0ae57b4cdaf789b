import { describe, expect, it } from "vitest";
import { Admission } from "../../src/net/admission.js";

describe("Admission", () => {
  it("refuses one call more than the limit, not applied, until another has settled", () => {
    const admission = new Admission(2);
    admission.admit();
    admission.admit();
    expect(() => admission.admit()).toThrow(
      expect.objectContaining({ code: "ERR_UNAVAILABLE", outcome: "not-applied" }),
    );
    expect(() => admission.admit()).toThrow("2 calls are already pending");
    admission.release();
    admission.admit();
    admission.release(2);
    admission.admit();
  });

  it("counts a call of several commands as one, until it settles", async () => {
    const admission = new Admission(1);
    let end = (): void => {};
    const call = admission.during(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    await expect(admission.during(async () => {})).rejects.toMatchObject({ outcome: "not-applied" });
    end();
    await call;
    await expect(admission.during(() => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
    await admission.during(async () => {});
  });

  it("refuses every call once it is closed", async () => {
    const admission = new Admission(1);
    admission.close();
    expect(() => admission.admit()).toThrow("the driver is closed");
    await expect(admission.during(async () => {})).rejects.toMatchObject({
      code: "ERR_UNAVAILABLE",
      outcome: "not-applied",
    });
  });
});
