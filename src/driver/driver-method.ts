import type { Driver } from "./driver.js";

/** The name of a method of the driver contract. */
export type DriverMethod = {
  [K in keyof Driver]-?: NonNullable<Driver[K]> extends (...args: never) => unknown ? K : never;
}[keyof Driver];

/** The name of a method that a driver may leave out. */
export type OptionalDriverMethod = {
  [K in DriverMethod]: undefined extends Driver[K] ? K : never;
}[DriverMethod];

/** The name of a method that every driver has. */
export type RequiredDriverMethod = Exclude<DriverMethod, OptionalDriverMethod>;
