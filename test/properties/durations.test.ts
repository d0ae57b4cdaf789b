import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Duration, milliseconds } from "../../src/duration.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { checkProperty, PROPERTY_TIMEOUT } from "./check-property.js";

const RUNS = 5_000;
const CENTURY = 36_525n * 86_400_000n;
const UNITS = { ms: 1n, s: 1_000n, m: 60_000n, h: 3_600_000n, d: 86_400_000n, w: 604_800_000n } as const;

/** A decimal number: `digits` times ten to the power of `-places`. */
interface Decimal {
  digits: bigint;
  places: number;
}
/** A number slightly above a whole one, which must still be rounded up. */
const justAbove = fc
  .tuple(fc.bigInt({ min: 0n, max: 4n * 10n ** 12n }), fc.integer({ min: 1, max: 20 }), fc.bigInt({ min: 0n, max: 9n }))
  .map(([whole, places, hair]): Decimal => ({ digits: whole * 10n ** BigInt(places) + hair, places }));
const decimal: fc.Arbitrary<Decimal> = fc.oneof(
  fc.record({
    digits: fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 6n }), fc.bigInt({ min: 0n, max: 10n ** 17n })),
    places: fc.oneof(fc.nat(3), fc.nat(20)),
  }),
  justAbove,
);
const unit = fc.constantFrom(...(Object.keys(UNITS) as (keyof typeof UNITS)[]));

function written({ digits, places }: Decimal): string {
  const text = String(digits).padStart(places + 1, "0");
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
}

/** Whole milliseconds by exact arithmetic, rounded up; `undefined` above 100 years. */
function exact(digits: bigint, places: number, unit: keyof typeof UNITS): number | undefined {
  const scale = 10n ** BigInt(places);
  const scaled = digits * UNITS[unit];
  return scaled > CENTURY * scale ? undefined : Number((scaled + scale - 1n) / scale);
}

describe("any duration with a unit", { timeout: PROPERTY_TIMEOUT }, () => {
  it("is converted exactly, and rounded up, never down", async () => {
    let accepted = 0;
    const tried = await checkProperty(
      fc.property(decimal, unit, (number, unit) => {
        const text = `${written(number)}${unit}` as Duration;
        const expected = exact(number.digits, number.places, unit);
        if (expected === undefined) {
          expect(() => milliseconds(text, "ttl")).toThrow(InvalidArgumentError);
        } else {
          accepted++;
          expect(milliseconds(text, "ttl")).toBe(expected);
        }
      }),
      { runs: RUNS },
    );
    expect(accepted).toBeGreaterThan(tried / 4);
  });

  it("may have an exponent, which moves the decimal point", async () => {
    await checkProperty(
      fc.property(
        fc.nat(10_000),
        fc.oneof(fc.integer({ min: -30, max: 12 }), fc.integer({ min: -999, max: 999 })),
        unit,
        (digits, exponent, unit) => {
          const text = `${digits}e${exponent}${unit}` as Duration;
          const expected =
            exponent < 0
              ? exact(BigInt(digits), -exponent, unit)
              : exact(BigInt(digits) * 10n ** BigInt(exponent), 0, unit);
          if (expected === undefined) expect(() => milliseconds(text, "ttl")).toThrow(InvalidArgumentError);
          else expect(milliseconds(text, "ttl")).toBe(expected);
        },
      ),
      { runs: RUNS },
    );
  });
});

describe("any number of milliseconds", { timeout: PROPERTY_TIMEOUT }, () => {
  it("is rounded up, or refused", async () => {
    await checkProperty(
      fc.property(fc.oneof(fc.double(), fc.double({ min: 0, max: Number(CENTURY), noNaN: true })), (number) => {
        if (number >= 0 && number <= Number(CENTURY)) {
          const given = milliseconds(number, "ttl");
          expect(Number.isSafeInteger(given)).toBe(true);
          expect(given >= number && given - 1 < number).toBe(true);
          expect(Object.is(given, -0)).toBe(false);
        } else {
          expect(() => milliseconds(number, "ttl")).toThrow(InvalidArgumentError);
        }
      }),
      { runs: RUNS },
    );
  });
});

describe("any string", { timeout: PROPERTY_TIMEOUT }, () => {
  it("is either a duration or refused with an InvalidArgumentError", async () => {
    const nearly = fc
      .array(fc.constantFrom("1", "0", "5", ".", "e", "-", "+", "s", "ms", "h", " ", "w"), { maxLength: 8 })
      .map((parts) => parts.join(""));
    await checkProperty(
      fc.property(fc.oneof(fc.string(), nearly), (text) => {
        try {
          const given = milliseconds(text as Duration, "ttl");
          expect(Number.isSafeInteger(given) && given >= 0 && given <= Number(CENTURY)).toBe(true);
          expect(text).toMatch(/^[\d.eE+-]+(ms|[smhdw])$/);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidArgumentError);
        }
      }),
      { runs: RUNS },
    );
  });
});
