/** A nominal type: `Brand<string, 'Ip'>` is a string that only its own parser can make. */
declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
