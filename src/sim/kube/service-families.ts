/**
 * The families of a Service, as the API server settles them when it is made (`initIPFamilyFields`, pkg/registry/core/service/storage/
 * alloc.go, v1.34), and what it answers when they cannot be had. What is asked for was validated before. SIMPLIFIED: a Service is
 * always one that is being made; what an update would keep of an older one is not known here.
 */
import { err, ok, type Result } from '../base/result.ts';
import { familyOf, parseIp } from '../wire/ip.ts';
import { type Family, familyName, familyNamed } from './families.ts';
import type { ServiceObject } from './objects.ts';

/** In the order of its addresses; of an ExternalName there are none. */
export function settleFamilies(
  service: ServiceObject,
  cluster: readonly Family[],
): Result<readonly Family[], readonly string[]> {
  if (service.type === 'ExternalName') return ok([]);
  const asked = clusterIPsAsked(service);
  // What nobody selects for is filled in by hand, so that both families are possible whatever the cluster has.
  const isFree = asked[0] === 'None' && Object.keys(service.selector ?? {}).length === 0;
  const policy = service.ipFamilyPolicy ?? (isFree ? 'RequireDualStack' : 'SingleStack');
  const named = (service.ipFamilies ?? []).map(familyNamed);
  const contradictions = policy === 'SingleStack' ? tooManyForOne(asked, named) : [];
  const inferred = inferFamilies(asked, named, cluster);
  if (!inferred.ok) return err([...contradictions, ...inferred.error]);
  if (contradictions.length > 0) return err(contradictions);
  const families = inferred.value;
  if (!isFree) {
    const missing = notConfigured(policy, families, cluster);
    if (missing.length > 0) return err(missing);
  }
  const [first = cluster[0] ?? 4] = families;
  const other: Family = first === 4 ? 6 : 4;
  const isTwo = families.length > 1 || (policy !== 'SingleStack' && (isFree || cluster.includes(other)));
  return ok(isTwo ? [first, other] : [first]);
}

/** `spec.clusterIPs` as it stands before anything is allocated. */
export const clusterIPsAsked = ({ clusterIP = '', clusterIPs = [] }: ServiceObject): readonly string[] =>
  clusterIPs.length > 0 ? clusterIPs : clusterIP === '' ? [] : [clusterIP];

function tooManyForOne(asked: readonly string[], named: readonly Family[]): string[] {
  const refuse = (what: string): string =>
    `spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
  return [
    ...(asked.length === 2 ? [refuse('cluster IPs')] : []),
    ...(named.length === 2 ? [refuse('IP families')] : []),
  ];
}

/** Families that are not named follow from the addresses that are. */
function inferFamilies(
  asked: readonly string[],
  named: readonly Family[],
  cluster: readonly Family[],
): Result<readonly Family[], readonly string[]> {
  const families = [...named];
  const reasons: string[] = [];
  for (const [at, text] of asked.entries()) {
    const address = parseIp(text);
    if (at < named.length || !address.ok) continue;
    const family = familyOf(address.value);
    if (cluster.includes(family)) families.push(family);
    else
      reasons.push(
        `spec.clusterIPs[${at}]: Invalid value: ${goList(asked)}: ${familyName(family)} is not configured on this cluster`,
      );
  }
  return reasons.length > 0 ? err(reasons) : ok(families);
}

function notConfigured(policy: string, families: readonly Family[], cluster: readonly Family[]): string[] {
  const dual =
    policy === 'RequireDualStack' && cluster.length < 2
      ? [
          'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
        ]
      : [];
  const missing = families.flatMap((family, at) =>
    cluster.includes(family)
      ? []
      : [`spec.ipFamilies[${at}]: Invalid value: "${familyName(family)}": not configured on this cluster`],
  );
  return [...dual, ...missing];
}

/** `[]string{"10.96.0.1", ""}`, as Go prints it. */
export const goList = (texts: readonly string[]): string => `[]string{${texts.map((text) => `"${text}"`).join(', ')}}`;
