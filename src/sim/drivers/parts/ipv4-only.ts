import type { CniDriver } from '../contract.ts';

/** For a CNI, or a model of it, that carries IPv4 alone. */
export const ipv4Only =
  (why: string): NonNullable<CniDriver['refusesFamilies']> =>
  (families) =>
    families.includes(6) ? `${why} Choose IPv4 alone in the cluster, or another CNI.` : null;
