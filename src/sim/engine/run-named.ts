/** A program that is given a name: it looks the name up, with packets, and then does what it does with an address. */
import type { ResolvConf } from '../kube/dns/resolv-conf.ts';
import type { NetnsConfig, NsId } from '../linux/config.ts';
import { type Choices, type Kernel, runUntil } from '../linux/kernel.ts';
import type { Netns } from '../linux/netns.ts';
import type { Resolver } from './names/ask-servers.ts';
import { type LookedUp, lookUpName } from './names/look-up.ts';
import { resolverOptions } from './names/resolver-options.ts';
import { PROGRAM_NAMES } from './program-names.ts';
import { NS_PER_MS, open, type Program, type Ran, start } from './run-program.ts';

/** What a program is given in place of an address. */
export interface Named {
  readonly name: string;
  readonly conf: ResolvConf;
  /** The only one that the program wants (`AF_INET`, `AF_INET6`); absent: whichever there is. */
  readonly family?: 4 | 6;
  /** Both questions meet on two CPUs. */
  readonly race?: true;
}

export interface RanNamed extends Ran {
  readonly lookedUp: LookedUp;
  /** Steps of the lookup; what comes after them is the program's own. */
  readonly lookupSteps: number;
}

type Unaddressed = Omit<Program, 'dst'>;

/** `forLookup` is drawn from apart, so that a name in place of an address leaves the program's own draws as they were. */
export function runNamed(
  configs: ReadonlyMap<NsId, NetnsConfig>,
  warm: boolean,
  choices: { readonly forLookup: Choices; readonly forProgram: Choices },
  program: Unaddressed,
  named: Named,
): RanNamed {
  const { kernel, ns } = open(configs, warm, choices.forLookup, program);
  kernel.isRacing = named.race === true;
  const lookedUp = lookUpName(resolverOf(kernel, ns, program, named), named.name, named.family);
  const lookupSteps = kernel.steps.length;
  const [dst] = lookedUp.addresses;
  if (dst === undefined) {
    const result = {
      outcome: 'unresolved',
      errno: lookedUp.error ?? '',
      clientIp: null,
      atStep: lookupSteps - 1,
    } as const;
    return { kernel, steps: kernel.steps, result, lookedUp, lookupSteps };
  }
  kernel.isRacing = false;
  kernel.choices = choices.forProgram;
  const learned = start(kernel, ns, { ...program, dst });
  runUntil(kernel, kernel.nowNs + program.waitMs * NS_PER_MS);
  return { kernel, steps: kernel.steps, result: learned(), lookedUp, lookupSteps };
}

export const resolverOf = (k: Kernel, ns: Netns, program: Unaddressed, { conf }: Named): Resolver => {
  const options = resolverOptions(conf);
  const oneByOne = options.singleRequestReopen ? 'new socket' : options.singleRequest ? 'same socket' : 'no';
  return { k, ns, program: PROGRAM_NAMES[program.proto], options, oneByOne };
};
