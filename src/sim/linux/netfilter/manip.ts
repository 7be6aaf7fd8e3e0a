/** Which side of a packet a hook may translate. */
import type { HookName } from './iptables/rule.ts';

export type Manip = 'src' | 'dst';

/** Destinations change before routing (PREROUTING, OUTPUT), sources after it (INPUT, POSTROUTING). */
export const manipAt = (hook: HookName): Manip => (hook === 'PREROUTING' || hook === 'OUTPUT' ? 'dst' : 'src');
