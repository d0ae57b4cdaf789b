/**
 * A branded key: a string type that the compiler keeps apart from every other type of key. It costs nothing at run time.
 *
 * @example
 * ```ts
 * type UserID = Key<"UserID">;
 * const alice = "1001" as UserID;
 * await users.find(alice); // compiles
 * await carts.find(alice); // does not, where carts is a Client<CartID, Cart>
 * ```
 */
export type Key<Name extends string> = string & { readonly [BRAND]: Name };

declare const BRAND: unique symbol;
