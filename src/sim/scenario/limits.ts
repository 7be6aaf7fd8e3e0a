/** How large a scenario from outside may be. Beyond these the page would not stay quick, and nobody could read the picture. */
export const EVENTS_MAX = 500;
export const OBJECTS_MAX = 500;
export const PODS_MAX = 2000;
export const REPLICAS_MAX = 500;
export const CONTAINERS_MAX = 16;
export const PORTS_MAX = 64;
/** Rules of a policy, peers of a rule, networks of a peer. */
export const RULES_MAX = 1000;
export const LABELS_MAX = 32;
export const ADDRESSES_MAX = 64;
/** One line as `ip route`, `bridge fdb` or `iptables-save` prints it. */
export const LINE_CHARS_MAX = 1024;
export const STEP_MAX = 1_000_000;
/** What a decoder tells at most; the first ones say enough. */
export const PROBLEMS_MAX = 10;
/** A link: its characters after the #, and its bytes after inflating. A saved file has the same bytes. */
export const URL_CHARS_MAX = 16_384;
export const URL_BYTES_MAX = 262_144;
/** Chat programs and mail cut longer links: the page says so, and offers a file. */
export const URL_CHARS_SAFE = 2000;
